"""A browser for tests of pages. Whatever a page does that it must not do fails the test that opened it."""

from collections.abc import Iterator, Mapping

import pytest
from gallery import gallery
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from serving import Client, Server
from watching import Watch, find_chromium, tidy, watched


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "own_page: changes its page for good, which is of no use to others then")


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


@pytest.fixture(scope="module")
def common_watch(server: Server) -> Watch:
    return Watch(server.url)


@pytest.fixture(scope="module")
def common_page(browser: Browser, common_watch: Watch) -> Iterator[Page]:
    """A tab of its own takes a process of its own, and that more time than most tests."""
    with watched(browser, common_watch) as context:
        yield context.new_page()


@pytest.fixture
def watch(common_watch: Watch) -> Watch:
    common_watch.forget()
    return common_watch


@pytest.fixture
def context(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    with watched(browser, watch) as context:
        yield context


@pytest.fixture
def page(request: pytest.FixtureRequest, watch: Watch) -> Iterator[Page]:
    """One that was left as it was found; tests that change it for good are marked `own_page`."""
    if request.node.get_closest_marker("own_page"):
        yield request.getfixturevalue("context").new_page()
        return
    page: Page = request.getfixturevalue("common_page")
    yield page
    faults = list(watch.faults)
    tidy(page)
    watch.forget()
    assert not faults


@pytest.fixture(scope="module")
def paths(server: Server) -> Iterator[Mapping[str, str]]:
    """Every kind of page by name; their jobs keep all workers busy until the end of the file."""
    with Client(base_url=server.url, timeout=60) as client, gallery(client) as shown:
        yield shown
