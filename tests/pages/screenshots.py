"""Pictures of pages: without an argument those of the README, or of every page into `FOLDER`, light and dark.

screenshots.py [FOLDER]
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from gallery import gallery, open_page
from playwright.sync_api import Browser, Page, expect, sync_playwright
from serving import ROOT, Client, Server
from watching import find_chromium

OF_README = ROOT / "docs" / "screenshots"
SIZE_IN_README = {"width": 1040, "height": 960}
SIZES = {"phone": (390, 844), "desk": (1280, 800)}
SCHEMES = ("light", "dark")
SETTINGS = {
    "FP_WORKER_CONCURRENCY": "2",
    "FP_API_TITLE": "Processes of Montréal",
    "FP_API_DESCRIPTION": "What lies within walking distance, where cars are shared, and more to try out.",
    "FP_API_CONTACT_NAME": "City laboratory",
    "FP_API_CONTACT_EMAIL": "laboratory@example.org",
    "FP_API_LICENSE_NAME": "CC BY 4.0",
    "FP_API_LICENSE_URL": "https://creativecommons.org/licenses/by/4.0/",
}


@contextmanager
def own_server() -> Iterator[Server]:
    """With the shipped processes alone."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(ROOT / "processes.d", Path(folder) / "state", SETTINGS)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def picture(page: Page, path: str, file: Path) -> None:
    """Of the whole page, but not of the last screens of a very long one."""
    open_page(page, path)
    height = min(page.evaluate("document.documentElement.scrollHeight"), 3000)
    page.screenshot(
        path=file, clip={"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height}, full_page=True
    )


def take_all(browser: Browser, server: Server, folder: Path) -> None:
    with Client(base_url=server.url, timeout=60) as client, gallery(client) as paths:
        for size, (width, height) in SIZES.items():
            for scheme in SCHEMES:
                context = browser.new_context(
                    base_url=server.url, color_scheme=scheme, viewport={"width": width, "height": height}
                )
                page = context.new_page()
                for name, path in paths.items():
                    picture(page, path, folder / f"{name}-{size}-{scheme}.png")
                context.close()


def take_those_of_readme(browser: Browser, server: Server, folder: Path) -> None:
    with Client(base_url=server.url, timeout=60) as client:
        covered = client.submit("service-coverage", {"distance": 500})
        client.finished(covered)
        page = browser.new_page(base_url=server.url, color_scheme="light", viewport=SIZE_IN_README)

        open_page(page, "/processes/service-coverage")
        page.get_by_role("button", name="Five metro stations").click()
        expect(page.locator(".map canvas")).to_be_visible()
        page.locator(".examples").evaluate("it => scrollTo(0, it.offsetTop - 12)")
        page.wait_for_timeout(500)  # until the map has come to rest
        page.screenshot(path=folder / "form.png")

        open_page(page, f"/jobs/{covered}/results")
        page.screenshot(path=folder / "results.png")

        open_page(page, f"/jobs/{client.submit('heat-map', {'steps': 25, 'pause': 0.5})}")
        expect(page.locator(".message")).to_have_text("step 12 of 25", timeout=60_000)
        expect(page.locator(".rest")).not_to_be_empty()
        page.screenshot(path=folder / "job.png")


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else OF_README
    take = take_all if len(sys.argv) > 1 else take_those_of_readme
    folder.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium()
    if chromium is None:
        print("no Chromium is installed: apt-get install chromium", file=sys.stderr)
        return 1
    with sync_playwright() as playwright, own_server() as server:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take(browser, server, folder)
        browser.close()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
