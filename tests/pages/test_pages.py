"""Every page in a browser: nothing is blocked, nothing fails, nobody else is asked."""

import pytest
from playwright.sync_api import Browser, Page, expect
from prefix import served_below
from serving import Server, free_port
from watching import Watch, watched


@pytest.mark.parametrize("path", ["/", "/conformance", "/processes", "/processes/echo", "/jobs", "/api"])
def test_a_page_opens_without_any_complaint(page: Page, path: str) -> None:
    response = page.goto(path)
    assert response
    assert response.status == 200
    assert page.locator("h1").is_visible()


def test_pages_work_below_a_path_that_a_proxy_takes_away(browser: Browser, server: Server) -> None:
    """Their files, the form, and the events of a job."""
    with served_below("/a/b", free_port(), server.url) as url, watched(browser, Watch(url)) as context:
        page = context.new_page()
        page.goto(f"{url}/")
        page.get_by_role("link", name="Browse the processes").click()
        page.get_by_role("searchbox").fill("simple_process")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Simple Process", exact=True).click()
        page.locator("form.execution[data-ready]").wait_for()
        page.locator("#code").scroll_into_view_if_needed()
        expect(page.locator("[data-language=curl] code")).to_contain_text(f"'{url}/processes/simple_process/execution'")
        page.get_by_role("button", name="A greeting, louder").click()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#outcome")).to_contain_text("HELLO WORLD")
        page.get_by_label("As a job").check()
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_url(f"{url}/jobs/*")
        expect(page.get_by_text("successful", exact=True).first).to_be_visible()
