"""Pages are light, and need one round trip before they can be used: css and scripts in the head, no chains."""

import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import pytest
from gallery import NAMES, open_page
from playwright.sync_api import Page, Response
from serving import Client
from watching import Watch

MOST_BYTES = 60_000
PARTS = ("document", "stylesheet", "script", "image")
IMPORT = re.compile(r"""^(?:import|export)\b[^"'()]*["']([^"']+)["']""", re.MULTILINE)


def is_part(response: Response) -> bool:
    """Of the page: neither a map nor Swagger UI, nor a picture among the results."""
    path = urlsplit(response.url).path
    return response.request.resource_type in PARTS and not re.search(r"/vendor/|/results/", path)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_light(page: Page, paths: Mapping[str, str], watch: Watch, name: str) -> None:
    watch.expect("the server responded with a status of 400")
    seen: list[Response] = []

    def keep(response: Response) -> None:
        seen.append(response)

    page.on("response", keep)
    open_page(page, paths[name])
    sizes = {response.url: response.request.sizes() for response in seen if is_part(response)}
    parts = {url: size["responseBodySize"] + size["responseHeadersSize"] for url, size in sizes.items()}
    assert parts
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
