"""A browser context that keeps in mind what its pages do against the rules."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize

VIEW: ViewportSize = {"width": 1280, "height": 720}
"""As Playwright opens pages."""

VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`against the policy ${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`));
"""


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


class Watch:
    """What the pages of a test have done against the rules."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url
        self.faults: list[str] = []
        self.expected: list[str] = []

    def forget(self) -> None:
        self.faults.clear()
        self.expected.clear()

    def expect(self, text: str) -> None:
        """An error of this text is meant to come, such as that of a request which the server refuses."""
        self.expected.append(text)

    def heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(text in message.text for text in self.expected):
            self.faults.append(f"{message.text} ({message.location.get('url')})")

    def asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.server_url}/", "data:", "blob:")):
            self.faults.append(f"a request to {request.url}")


def tidy(page: Page) -> None:
    """Leaves what it shows, and takes back what a test may have set."""
    page.unroute_all(behavior="ignoreErrors")
    page.goto("about:blank")
    page.context.clear_cookies()
    page.set_viewport_size(VIEW)
    page.emulate_media(color_scheme="null", reduced_motion="null")
    page.mouse.move(0, 0)


@contextmanager
def watched(browser: Browser, watch: Watch, **options: Any) -> Iterator[BrowserContext]:
    """Fails at its end where the watch has found anything; the options are those of a context."""
    context = browser.new_context(base_url=watch.server_url, **options)
    context.add_init_script(VIOLATIONS)
    context.on("console", watch.heard)
    context.on("weberror", lambda error: watch.faults.append(str(error.error)))
    context.on("request", watch.asked)
    context.set_default_timeout(15_000)
    try:
        yield context
    finally:
        context.close()
    assert not watch.faults
