"""A browser for tests of pages. Whatever a page does that it must not do fails the test that opened it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from serving import Server

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`against the policy ${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`));
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: Playwright keeps an event loop running, beside which no other can."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Watch:
    """What the pages of a test have done against the rules."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url
        self.faults: list[str] = []
        self.expected: list[str] = []

    def expect(self, text: str) -> None:
        """An error of this text is meant to come, such as that of a request which the server refuses."""
        self.expected.append(text)

    def heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(text in message.text for text in self.expected):
            self.faults.append(f"{message.text} ({message.location.get('url')})")

    def asked(self, request: Request) -> None:
        if not request.url.startswith((self.server_url, "data:", "blob:")):
            self.faults.append(f"a request to {request.url}")


@pytest.fixture
def watch(server: Server) -> Watch:
    return Watch(server.url)


@pytest.fixture
def context(browser: Browser, server: Server, watch: Watch) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=server.url)
    context.add_init_script(VIOLATIONS)
    context.on("console", watch.heard)
    context.on("weberror", lambda error: watch.faults.append(str(error.error)))
    context.on("request", watch.asked)
    context.set_default_timeout(15_000)
    yield context
    context.close()
    assert not watch.faults


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
