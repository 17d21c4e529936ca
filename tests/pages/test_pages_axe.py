"""axe-core finds nothing serious on any page: dark on a phone, light on a desk."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from gallery import NAMES, open_page
from playwright.sync_api import Page
from watching import Watch

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PHONE = 390
VIEWS = ((PHONE, "dark"), (1280, "light"))
SERIOUS = ("serious", "critical")
RUN = """async (options) => (await axe.run({ exclude: options.exclude }, { resultTypes: ["violations"] })).violations"""
NOT_OURS = [[".swagger-ui"]]
"""What Swagger UI draws: its own contrasts, and its own labels."""

SHORT = ("landing-page", "processes", "echo", "jobs", "job-running", "job-failed", "results", "problem")
"""Each is made in a way of its own; `PAGES=all` takes the others too."""

SHORTEN = "[...document.querySelectorAll('main section:not(:has(section))')].slice(6).forEach((one) => one.remove())"
"""The API documentation has hundreds of sections, all alike."""


def findings(page: Page) -> list[str]:
    violations: list[dict[str, Any]] = page.evaluate(RUN, {"exclude": NOT_OURS})
    return [
        f"{one['id']} ({one['impact']}): {json.dumps([node['html'][:200] for node in one['nodes']][:5])}"
        for one in violations
        if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("name", NAMES if os.environ.get("PAGES") == "all" else SHORT)
def test_a_page_is_accessible_and_fits_a_phone(page: Page, watch: Watch, paths: Mapping[str, str], name: str) -> None:
    watch.expect("the server responded with a status of 400")
    open_page(page, paths[name])
    page.set_viewport_size({"width": PHONE, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    if name == "api":
        page.evaluate(SHORTEN)
    page.evaluate(AXE)
    found = {}
    for width, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found[width, scheme] = findings(page)
    assert not any(found.values()), found


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('main').innerHTML = '<input><img src=\"static/icon.svg\">'")
    page.evaluate(AXE)
    assert {line.partition(" ")[0] for line in findings(page)} >= {"label", "image-alt"}
