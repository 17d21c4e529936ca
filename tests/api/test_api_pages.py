"""Pages: what browsers are answered, and what programs are not."""

import re
from pathlib import Path
from urllib.parse import urljoin

import html5lib
import pytest
from serving import Client, Server

from fastprocesses_server.api.pages import templates
from fastprocesses_server.api.representation import Page, render
from fastprocesses_server.settings import Settings

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PATHS = ["/", "/conformance", "/processes", "/processes?q=echo&limit=1", "/processes/echo", "/jobs", "/api"]


def page_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path, headers={"Accept": BROWSER})
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(response.text)
    return response.text


@pytest.mark.parametrize("path", PATHS)
def test_browsers_get_pages_and_programs_get_json(client: Client, path: str) -> None:
    page_of(client, path)
    for accept in ("*/*", "application/json"):
        assert "json" in client.get(path, headers={"Accept": accept}).headers["content-type"]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_of_its_own(
    client: Client, server: Server, path: str
) -> None:
    response = client.get(path, headers={"Accept": BROWSER})
    page = html5lib.parse(response.text, namespaceHTMLElements=False)
    assert not [one for one in page.iter() for name in one.attrib if re.fullmatch(r"style|on\w+", name)]
    assert "unsafe" not in response.headers["content-security-policy"]
    for element in [
        *page.iterfind(".//script"),
        *page.iterfind(".//img"),
        *page.iterfind(".//link[@rel='stylesheet']"),
    ]:
        address = urljoin(f"{server.url}{path}", element.get("src") or element.get("href"))
        assert address.startswith(f"{server.url}/")
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/processes/ecko", 404), ("/jobs?limit=none", 400), ("/nowhere", 404)])
def test_a_problem_is_a_page_for_a_browser(client: Client, path: str, status: int) -> None:
    page = page_of(client, path, status)
    problem = client.get(path).json()
    assert problem["title"] in page
    for error in problem.get("errors", [{"path": "", "message": problem["detail"]}]):
        assert error["message"].replace('"', "&#34;") in page


def test_a_problem_leads_back_to_what_it_is_about(client: Client) -> None:
    job_id = client.submit("misbehave", {"how": "process-error"})
    client.finished(job_id)
    page = page_of(client, f"/jobs/{job_id}/results", 500)
    assert f'<a href="../../jobs/{job_id}">Job {job_id[:8]}</a>' in page
    assert '<a href="../processes">Processes</a></li>' in page_of(client, "/processes/ecko", 404)


def test_pages_of_jobs_are_html_5_whatever_became_of_them(client: Client) -> None:
    running = client.submit("sleep", {"seconds": 60})
    client.when(running, "running")
    ended = [client.submit("misbehave", {"how": "process-error"}), client.submit("echo", {"message": "<b>"})]
    for job_id in (running, *ended):
        page_of(client, f"/jobs/{job_id}")
    for job_id in ended:
        client.finished(job_id)
        page = page_of(client, f"/jobs/{job_id}").replace("&amp;", "&")
        document = client.get(f"/jobs/{job_id}").json()
        for value in (document["created"], document["expires"], document.get("message", ""), document["status"]):
            assert value in page
        for link in document["links"]:
            assert link["rel"] in ("self", "alternate") or link["href"] in page
    assert page_of(client, "/jobs?status=running&processID=sleep&maxDuration=&datetime=&limit=1").count("<tr ") == 1
    response = client.delete(f"/jobs/{running}", headers={"Accept": BROWSER})
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(response.text)
    assert "dismissed" in response.text


def test_fields_that_were_left_empty_ask_for_nothing_in_a_page_alone(client: Client) -> None:
    query = "processID=&datetime=&minDuration=&maxDuration=&limit="
    page_of(client, f"/jobs?{query}")
    assert client.get(f"/jobs?{query}").status_code == 400


def test_processes_are_found_by_words(client: Client) -> None:
    found = client.get("/processes?q=ECHO image").json()
    assert [process["id"] for process in found["processes"]] == ["echo-binary"]
    assert "Echo of an image" in page_of(client, "/processes?q=ECHO+image")
    first = client.get("/processes?q=echo&limit=1").json()
    [following] = [link["href"] for link in first["links"] if link["rel"] == "next"]
    assert client.get(following).json()["processes"][0]["id"] == "echo-binary"


def test_the_page_of_a_process_has_each_link_once(client: Client) -> None:
    page = html5lib.parse(page_of(client, "/processes/echo"), namespaceHTMLElements=False)
    shown = [one.get("href") for one in page.iter("a")]
    for link in client.get("/processes/echo").json()["links"]:
        assert shown.count(link["href"]) == 1 or link["rel"] in ("self", "alternate")


def test_title_logo_contact_and_licence_of_the_settings_are_on_every_page(tmp_path: Path) -> None:
    said = {"api_title": "Ours", "api_contact_name": "We", "api_contact_email": "we@example.org"}
    settings = Settings(
        **said, api_license_name="MIT", api_license_url="https://example.org/mit", logo=tmp_path / "l.png"
    )
    page = render(settings, "/conformance", Page("conformance.html", "Classes"), {"conformsTo": []}, [])
    assert '<img src="./logo"' in page
    assert "Ours</title>" in page
    assert "Contact: We" in page
    assert 'href="mailto:we@example.org"' in page
    assert '<a href="https://example.org/mit">MIT</a>' in page


@pytest.mark.parametrize(("asked", "said"), [((), "There are no jobs yet."), (("failed",), "There are no such jobs.")])
def test_a_list_without_jobs_says_why(asked: tuple[str, ...], said: str) -> None:
    facts = {"asked": {"status": asked, "datetime": ()}, "processes": (), "spans": {}, "limit": 10, "seconds": {}}
    assert said in render(Settings(), "/jobs", Page("job_list.html", "Jobs", facts=facts), {"jobs": []}, [])


def test_templates_of_a_folder_take_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "conformance.html").write_text('{% extends "base.html" %}{% block main %}<p>Ours</p>{% endblock %}')
    own = templates(tmp_path)
    assert own.get_template("conformance.html").filename == str(tmp_path / "conformance.html")
    assert own.get_template("base.html").filename != str(tmp_path / "base.html")


@pytest.mark.parametrize(
    ("accepted", "is_gzipped"),
    [("gzip, deflate, br", True), ("gzip;q=0.5", True), ("gzip;q=0", False), ("br", False), ("", False)],
)
def test_a_page_comes_compressed_to_those_who_take_that(client: Client, accepted: str, is_gzipped: bool) -> None:
    response = client.get("/api?f=html", headers={"Accept-Encoding": accepted})
    assert response.headers.get("content-encoding") == ("gzip" if is_gzipped else None)
    assert response.text.startswith("<!DOCTYPE html>")
    assert "Accept-Encoding" in response.headers["vary"]
    again = client.get("/api?f=html", headers={"Accept-Encoding": accepted, "If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
