"""The page of results as it stands without scripts."""

from typing import Any

import html5lib
import pytest
from serving import Client, wait_until

from fastprocesses_server.api.callers.caller import Caller
from fastprocesses_server.api.pages import visible
from fastprocesses_server.api.representation import Page, render
from fastprocesses_server.links import link
from fastprocesses_server.settings import Settings

HOSTILE = "<script>1</script> \u202egnp.exe"


def test_values_stand_in_the_page_and_every_output_has_its_links(client: Client) -> None:
    job = client.submit("looks", {"text": HOSTILE})
    wait_until(lambda: client.status(job)["status"] == "successful")
    text = client.get(f"/jobs/{job}/results", headers={"Accept": "text/html"}).text
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    sections = page.findall(".//section[@class='output']")
    sources = {section.find("h2/code").text: section.find(".//pre/bdi") for section in sections}
    assert sources["notes"].text == "<script>1</script> \\u202egnp.exe"
    assert sources["bytes"] is None
    for name, section in zip(sources, sections, strict=True):
        links = [link.get("href") for link in section.iterfind(".//a")]
        assert links == [f"../../jobs/{job}/results/{name}"] * 2
        assert f"{client.base_url}/jobs/{job}/results/{name}".replace("//jobs", "/jobs") in "".join(section.itertext())
    assert list(sources) == list(client.get("/processes/looks").json()["outputs"])


def test_the_page_shows_what_was_asked_for_and_names_what_programs_get(client: Client) -> None:
    asked: dict[str, Any] = {"rows": {}, "series": {}}
    for members, media_type in (({}, "multipart/"), ({"response": "document"}, "application/json")):
        job = client.submit("looks", {}, outputs=asked, **members)
        wait_until(lambda job=job: client.status(job)["status"] == "successful")
        response = client.get(f"/jobs/{job}/results", headers={"Accept": "text/html"})
        page = html5lib.parse(response.text, namespaceHTMLElements=False)
        assert [code.text for code in page.iterfind(".//h2/code")] == list(asked)
        [alternate] = page.findall("head/link[@rel='alternate']")
        assert alternate.get("type").startswith(media_type)
        assert client.get(alternate.get("href")).headers["content-type"].startswith(media_type)
        assert ('<a rel="alternate"' in response.text) == (media_type == "application/json")
        only = client.get(f"/jobs/{job}/results?outputs=series", headers={"Accept": "text/html"}).text
        assert "results/series" in only
        assert "results/rows" not in only


def test_signs_that_turn_a_text_around_are_written_out() -> None:
    assert visible("a\u202eb\u2069") == "a\\u202eb\\u2069"
    assert visible("שלום\u200f") == "שלום\u200f"


@pytest.mark.parametrize("template", ["landing_page.html", "conformance.html", "login.html"])
def test_settings_and_callers_turn_no_page_around(template: str) -> None:
    said = {f"api_{name}": HOSTILE for name in ("title", "description", "contact_name", "license_name")}
    document = {"title": HOSTILE, "description": HOSTILE, "detail": HOSTILE, "warnings": [HOSTILE]}
    links = [link("x", relation, HOSTILE) for relation in ("service-desc", "alternate")]
    caller = Caller(f"user:{HOSTILE}", frozenset([HOSTILE]))
    page = render(Settings(auth="required", **said), "/", Page(template, HOSTILE), document, links, caller=caller)
    assert "\u202e" not in page
    assert "\\u202egnp.exe" in page


def test_pages_tell_their_maps_which_tiles_to_load() -> None:
    settings = Settings(map_tiles="https://{s}.tiles.example/{z}/{x}/{y}.png", map_attribution='"me"')
    page = render(settings, "/conformance", Page("conformance.html", "Conformance"), {}, ())
    assert 'data-map-tiles="https://{s}.tiles.example/{z}/{x}/{y}.png" data-map-attribution="&#34;me&#34;"' in page
