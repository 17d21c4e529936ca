"""A browser for tests of pages. Whatever a page does that it must not do fails the test that opened it."""

from collections.abc import Iterator, Mapping

import pytest
from gallery import gallery
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from serving import Client, Server
from watching import Watch, find_chromium, watched


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: Playwright keeps an event loop running, beside which no other can."""
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def watch(server: Server) -> Watch:
    return Watch(server.url)


@pytest.fixture
def context(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    with watched(browser, watch) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="module")
def paths(server: Server) -> Iterator[Mapping[str, str]]:
    """Every kind of page by name; their jobs keep all workers busy until the end of the file."""
    with Client(base_url=server.url, timeout=60) as client, gallery(client) as shown:
        yield shown
