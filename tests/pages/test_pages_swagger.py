"""The API documentation with Swagger UI, and the one that needs no script."""

from playwright.sync_api import Browser, Page, expect
from serving import Server
from watching import Watch


def test_an_operation_is_tried_from_swagger_ui(page: Page) -> None:
    page.goto("/api?f=html")
    page.get_by_role("link", name="Swagger UI").click()
    operation = page.locator("#operations-Capabilities-getLandingPage")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("button.execute").click()
    answer = operation.locator(".live-responses-table")
    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    expect(answer).to_contain_text("conformance")


def test_every_operation_of_the_definition_is_in_swagger_ui(page: Page) -> None:
    definition = page.request.get("/api").json()
    page.goto("/api?f=swagger")
    expect(page.locator("#swagger .opblock")).to_have_count(sum(map(len, definition["paths"].values())))


def test_swagger_ui_calls_the_server_that_the_page_came_from(page: Page) -> None:
    """Also where the definition names another public address, which the policy of the page would not let it call."""
    definition = page.request.get("/api").json()
    elsewhere = {**definition, "servers": [{"url": "https://processes.example"}]}
    page.route("**/api?f=json", lambda route: route.fulfill(json=elsewhere))
    page.goto("/api?f=swagger")
    page.locator("#operations-Capabilities-getConformance .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    with page.expect_request("**/conformance") as asked:
        page.locator("button.execute").click()
    assert asked.value.url == page.url.replace("/api?f=swagger", "/conformance")


def test_swagger_ui_that_gets_no_definition_says_so(page: Page, watch: Watch) -> None:
    watch.expect("503")
    page.route("**/api?f=json", lambda route: route.fulfill(status=503))
    page.goto("/api?f=swagger")
    expect(page.locator("#swagger")).to_contain_text("could not be loaded: 503")


def test_the_api_is_documented_without_scripts(browser: Browser, server: Server) -> None:
    with browser.new_context(java_script_enabled=False, base_url=server.url) as context:
        page = context.new_page()
        page.goto("/api?f=html")
        expect(page.get_by_role("heading", name="Landing page")).to_be_visible()
        expect(page.get_by_text("POST /processes/simple_process/execution").first).to_be_visible()
