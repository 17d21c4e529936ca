"""Pages are light, and need one round trip before they can be used: css and scripts in the head, no chains."""

import re
from collections.abc import Mapping
from urllib.parse import urljoin

import pytest
from gallery import NAMES
from serving import Client

MOST_BYTES = 60_000
MOST_OF_A_FORM = 12_000
IMPORT = re.compile(r"""^(?:import|export)\b[^"'()]*["']([^"']+)["']""", re.MULTILINE)


def size(client: Client, url: str) -> int:
    """Bytes on the wire, as a browser asks for it."""
    headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    with client.stream("GET", url, headers=headers) as response:
        head = sum(len(name) + len(value) + len(": \r\n") for name, value in response.headers.raw)
        return head + sum(map(len, response.iter_raw()))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_light(client: Client, paths: Mapping[str, str], name: str) -> None:
    """With its style sheet, pictures and scripts; the maps and Swagger UI come on their own."""
    url = urljoin(str(client.base_url), paths[name])
    text = client.get(url, headers={"Accept": "text/html"}).text
    own = {urljoin(url, found) for found in re.findall(r'(?:href|src)="([^"]*\.(?:js|css|svg))"', text)}
    assert own
    parts = {part: size(client, part) for part in (url, *own) if "/vendor/" not in part}
    assert sum(parts.values()) < MOST_BYTES, parts


@pytest.mark.parametrize("name", NAMES)
def test_a_page_needs_one_round_trip(client: Client, paths: Mapping[str, str], name: str) -> None:
    """Its head names every style sheet and every module that another one imports."""
    url = urljoin(str(client.base_url), paths[name])
    text = client.get(url, headers={"Accept": "text/html"}).text
    head, _, body = text.partition("<body>")
    named = {urljoin(url, found) for found in re.findall(r'(?:href|src)="([^"]*\.(?:js|css))"', head)}
    assert named
    assert not re.search(r"<script[^>]*src=", body)
    for address in sorted(named):
        content = client.get(address).text
        assert address.endswith(".js") or "@import" not in content
        imported = {urljoin(address, found) for found in IMPORT.findall(content)} if address.endswith(".js") else set()
        assert imported <= named, f"{address} imports what the head of {name} does not name"


def test_the_form_of_an_ordinary_process_is_a_small_script(client: Client) -> None:
    """As it is written; those of lists, maps, files and the like come where a process has them."""
    text = client.get("/processes/simple_process", headers={"Accept": "text/html"}).text
    scripts = set(re.findall(r'(?:href|src)="([^"]*\.js)"', text))
    assert {script.rpartition("/")[2] for script in scripts} == {"form.js", "controls.js", "json.js"}
    assert sum(len(client.get(urljoin("/processes/", script)).content) for script in scripts) < MOST_OF_A_FORM
