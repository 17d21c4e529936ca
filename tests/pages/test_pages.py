"""Every page in a browser: nothing is blocked, nothing fails, nobody else is asked."""

import pytest
from playwright.sync_api import Page


@pytest.mark.parametrize("path", ["/", "/conformance", "/processes", "/processes/echo", "/jobs", "/api"])
def test_a_page_opens_without_any_complaint(page: Page, path: str) -> None:
    response = page.goto(path)
    assert response
    assert response.status == 200
    assert page.locator("h1").is_visible()
