"""axe-core finds nothing serious on any page: light and dark, on a phone and on a desk."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from gallery import NAMES, gallery, open_page
from playwright.sync_api import Page
from serving import Client, Server
from watching import Watch

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
WIDTHS = (390, 1280)
SERIOUS = ("serious", "critical")
RUN = """async (options) => (await axe.run({ exclude: options.exclude }, { resultTypes: ["violations"] })).violations"""
NOT_OURS = [[".swagger-ui"]]
"""What Swagger UI draws: its own contrasts, and its own labels."""


@pytest.fixture(scope="module")
def paths(server: Server) -> Iterator[Mapping[str, str]]:
    with Client(base_url=server.url, timeout=60) as client, gallery(client) as shown:
        yield shown


def findings(page: Page) -> list[str]:
    violations: list[dict[str, Any]] = page.evaluate(RUN, {"exclude": NOT_OURS})
    return [
        f"{one['id']} ({one['impact']}): {json.dumps([node['html'][:200] for node in one['nodes']][:5])}"
        for one in violations
        if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_accessible(page: Page, watch: Watch, paths: Mapping[str, str], name: str) -> None:
    watch.expect("the server responded with a status of 400")
    open_page(page, paths[name])
    page.evaluate(AXE)
    found = {}
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found[width, scheme] = findings(page)
    assert not any(found.values()), found


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('main').innerHTML = '<input><img src=\"static/icon.svg\">'")
    page.evaluate(AXE)
    assert {line.partition(" ")[0] for line in findings(page)} >= {"label", "image-alt"}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_a_phone(page: Page, watch: Watch, paths: Mapping[str, str], name: str) -> None:
    """Nothing but what scrolls by itself is wider than the window."""
    page.set_viewport_size({"width": 390, "height": 844})
    watch.expect("the server responded with a status of 400")
    open_page(page, paths[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
