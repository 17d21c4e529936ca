"""The watch over the pages can fail: each of these faults of a page is found."""

import pytest
from playwright.sync_api import Browser
from serving import Client
from watching import Watch, watched

IMAGE = '<img alt="" src="https://elsewhere.example/picture.png">'
FAULTS = {
    "an inline script": ("<script>1</script>", "against the policy script-src"),
    "a style attribute": ('<p style="color: red">A</p>', "against the policy style-src"),
    "a handler in an attribute": ('<button onclick="1">A</button>', "against the policy script-src"),
    "a script of another host": ('<script src="https://elsewhere.example/x.js"></script>', "against the policy script"),
    "a picture of another host": (IMAGE, "against the policy img-src"),
    "a script that is not there": ('<script type="module" src="static/nowhere.js"></script>', "404"),
}


def open_faulty(
    browser: Browser, client: Client, watch: Watch, body: str, *, script: str = "0", has_policy: bool = True
) -> None:
    """The body as a page of the server, which lets pages do nothing but what its policy allows; then the script."""
    policy = client.get("/", headers={"Accept": "text/html"}).headers["content-security-policy"]
    headers = {"Content-Security-Policy": policy} if has_policy else {}
    with watched(browser, watch) as context:
        context.route("**/faulty", lambda route: route.fulfill(body=body, content_type="text/html", headers=headers))
        context.route("https://elsewhere.example/**", lambda route: route.fulfill(status=204))
        page = context.new_page()
        page.goto("/faulty", wait_until="networkidle")
        page.evaluate(script)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_policy_forbids_is_found(browser: Browser, client: Client, watch: Watch, fault: str) -> None:
    body, finding = FAULTS[fault]
    with pytest.raises(AssertionError):
        open_faulty(browser, client, watch, body)
    assert any(finding in found for found in watch.faults), watch.faults


def test_a_request_to_another_host_is_found_without_a_policy_too(
    browser: Browser, client: Client, watch: Watch
) -> None:
    with pytest.raises(AssertionError):
        open_faulty(browser, client, watch, IMAGE, has_policy=False)
    assert watch.faults == ["a request to https://elsewhere.example/picture.png"]


@pytest.mark.parametrize("error", ["console.error('oh')", "setTimeout(() => { throw new Error('oh'); })"])
def test_an_error_of_a_script_is_found(browser: Browser, client: Client, watch: Watch, error: str) -> None:
    script = f"() => {{ {error}; return new Promise((resolve) => setTimeout(resolve, 50)); }}"
    with pytest.raises(AssertionError):
        open_faulty(browser, client, watch, "", script=script)
    assert any("oh" in fault for fault in watch.faults)


def test_an_expected_error_is_no_fault(browser: Browser, client: Client, watch: Watch) -> None:
    watch.expect("oh")
    open_faulty(browser, client, watch, "", script="console.error('oh')")


def test_a_page_that_keeps_the_policy_is_not_blamed(browser: Browser, client: Client, watch: Watch) -> None:
    open_faulty(browser, client, watch, '<img alt="" src="static/icon.svg">')
