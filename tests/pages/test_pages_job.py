"""The page of a job, and the list of jobs: both live, and both tell everything without a script."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from serving import Client, Server, wait_until

expect.set_options(timeout=20_000)

DASH = "\N{EN DASH}"
SLOW = {"size": 64, "steps": 10, "pause": 0.5}


@pytest.fixture
def slow(client: Client) -> Iterator[str]:
    """The id of a job of about five seconds."""
    job_id = client.submit("heat-map", SLOW)
    yield job_id
    client.delete(f"/jobs/{job_id}")


def status_of(page: Page) -> str:
    return page.locator(".status").inner_text()


def test_progress_moves_and_the_results_appear(page: Page, slow: str) -> None:
    page.goto(f"/jobs/{slow}")
    expect(page.locator(".status")).to_have_text("running")
    seen = set()

    def is_over() -> bool:
        seen.add(page.locator("progress").evaluate("it => it.value"))
        page.wait_for_timeout(100)
        return status_of(page) == "successful"

    wait_until(is_over)
    assert len(seen) > 4
    expect(page.locator(".percent")).to_have_text("100 %")
    expect(page.get_by_role("button", name="Dismiss")).to_have_count(0)
    page.get_by_role("link", name="Results", exact=True).click()
    expect(page.locator("h1")).to_have_text("Results")
    page.wait_for_load_state("networkidle")  # the job goes with the end of the test, and the picture with it


def test_the_title_message_time_and_rest_follow_the_run(page: Page, slow: str) -> None:
    page.goto(f"/jobs/{slow}")
    expect(page).to_have_title(re.compile(rf"^running [3-9]0 % {DASH} Job [0-9a-f]{{8}}, heat-map {DASH} "))
    expect(page.locator(".message")).to_have_text(re.compile(r"step \d+ of 10"))
    expect(page.locator(".elapsed")).to_have_text(re.compile(r"0:00:0[2-9]"))
    started, updated = (page.locator(f".{name} time").inner_text() for name in ("started", "updated"))
    assert updated > started
    expect(page.locator(".rest")).to_have_text(re.compile(r"about \d s left"))
    expect(page).to_have_title(re.compile(f"^successful {DASH} Job "))
    expect(page.locator(".rest")).to_have_text("")


def test_lines_of_the_log_appear_and_the_end_stays_in_view(page: Page, client: Client) -> None:
    job_id = client.submit("talk", {"how": "talks on"})
    page.goto(f"/jobs/{job_id}")
    log = page.get_by_role("log")
    expect(log.locator(".line").nth(60)).to_be_visible()
    assert log.locator(".line bdi").all_inner_texts()[:3] == ["step 0", "step 1", "step 2"]
    assert log.evaluate("it => it.scrollTop + it.clientHeight >= it.scrollHeight - 40")
    log.evaluate("it => { it.scrollTop = 0 }")
    count = log.locator(".line").count()
    expect(log.locator(".line").nth(count + 5)).to_be_attached()
    assert log.evaluate("it => it.scrollTop") == 0
    client.delete(f"/jobs/{job_id}")
    expect(page.locator(".status")).to_have_text("dismissed")


def test_a_job_is_dismissed_after_a_question(page: Page, client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 60})
    page.goto(f"/jobs/{job_id}")
    page.get_by_role("button", name="Dismiss").click()
    dialog = page.get_by_role("dialog", name="Stop this job?")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    assert client.status(job_id)["status"] != "dismissed"
    page.get_by_role("button", name="Dismiss").click()
    dialog.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".status")).to_have_text("dismissed")
    assert client.status(job_id)["status"] == "dismissed"
    expect(page.get_by_role("button", name="Remove")).to_be_visible()


def test_a_finished_job_is_removed(page: Page, client: Client) -> None:
    job_id = client.submit("simple_process", {"input_text": "remove me"})
    client.finished(job_id)
    page.goto(f"/jobs/{job_id}")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("h1")).to_have_text("Jobs")
    assert client.get(f"/jobs/{job_id}").status_code == 410


def test_a_job_can_be_run_again(page: Page, client: Client) -> None:
    job_id = client.submit("simple_process", {"input_text": "again"})
    page.goto(f"/jobs/{job_id}")
    page.get_by_role("link", name="Run again").click()
    expect(page).to_have_url(re.compile(rf"/processes/simple_process\?job={job_id}$"))


def test_a_failed_job_shows_its_problem(page: Page, client: Client) -> None:
    job_id = client.submit("misbehave", {"how": "process-error"})
    page.goto(f"/jobs/{job_id}")
    expect(page.locator(".status")).to_have_text("failed")
    section = page.get_by_role("region", name="What went wrong")
    expect(section.locator(".lead")).to_have_text("outside the city limits")
    for member, value in client.status(job_id)["exception"].items():
        expect(section).to_contain_text(str(value))
        assert member == "detail" or member in section.inner_text()


@pytest.mark.parametrize("how", ["refused", "silent", "closed"])
def test_where_no_events_come_the_page_asks(page: Page, client: Client, watch: Any, how: str) -> None:
    refusals: list[Route] = []

    def block(route: Route) -> None:
        refusals.append(route)
        if how == "refused":
            route.fulfill(status=502, body="no")
        elif how == "closed":
            route.abort()

    page.route("**/events", block)
    watch.expect("502")
    watch.expect("ERR_FAILED")
    job_id = client.submit("talk", {"how": "draws bars"})
    page.goto(f"/jobs/{job_id}")
    expect(page.locator(".status")).to_have_text("running")
    expect(page.locator(".status")).to_have_text("successful")
    expect(page.get_by_role("log")).to_contain_text("half of it")
    assert len(refusals) == 1


def test_hostile_text_is_shown_as_text(page: Page, client: Client) -> None:
    job_id = client.submit("talk", {"how": "shows markup"})
    page.goto(f"/jobs/{job_id}")
    expect(page.get_by_role("log")).to_contain_text("<img src=x onerror=alert(1)>\\u202e")
    expect(page.locator(".message")).to_have_text("<script>alert(2)</script>\\u202e")
    expect(page.locator(".status")).to_have_text("successful")
    assert page.locator("main img, main script").count() == 0
    assert "\u202e" not in page.content()
    page.goto("/jobs")
    expect(page.locator("tr", has_text=job_id[:8])).to_contain_text("<script>alert(2)</script>\\u202e")


def test_times_are_those_of_the_reader(browser: Browser, server: Server, client: Client) -> None:
    job_id = client.submit("simple_process", {"input_text": "when"})
    created = client.status(job_id)["created"]
    context = browser.new_context(base_url=server.url, timezone_id="Asia/Kathmandu")
    page = context.new_page()
    page.goto(f"/jobs/{job_id}")
    time = page.locator(f'time[datetime="{created}"]').first
    expect(time).to_have_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\+5:45"))
    assert time.get_attribute("title") == created.replace("T", " ").replace("Z", " UTC")
    page.goto("/jobs")
    expect(page.locator(f'time.ago[datetime="{created}"]')).to_have_text(re.compile("now|ago"))
    context.close()


def test_without_scripts_the_page_tells_what_it_knows_and_comes_again(
    browser: Browser, server: Server, slow: str
) -> None:
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/jobs/{slow}")
    expect(page.locator(".status")).to_have_text("successful")
    expect(page.get_by_role("link", name="Results", exact=True)).to_be_visible()
    assert page.get_by_role("button").count() == 0
    page.get_by_role("link", name="as text").click()
    context.close()


@pytest.mark.own_page
def test_a_page_that_nobody_sees_holds_no_connection(page: Page, client: Client) -> None:
    job_id = client.submit("talk", {"how": "draws bars"})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.goto(f"/jobs/{job_id}")
    expect(page).to_have_title(re.compile("^successful"))
    assert not [url for url in asked if url.endswith("/events")]


def test_the_list_shows_jobs_as_they_go_on(page: Page, client: Client, slow: str) -> None:
    page.goto("/jobs?processID=heat-map&limit=3")
    row = page.locator("tr", has=page.locator(f'a[title="{slow}"]'))
    expect(row.locator(".status")).to_have_text("running")
    expect(row.locator(".status")).to_have_text("successful")
    expect(row.locator(".number")).to_have_text(re.compile(r"0:00:0\d"))


def test_the_list_is_filtered_by_its_form(page: Page, client: Client) -> None:
    wrong = client.submit("misbehave", {"how": "process-error"})
    right = client.submit("simple_process", {"input_text": "found"})
    for job_id in (wrong, right):
        client.finished(job_id)
    page.goto("/jobs")
    page.get_by_label("failed").check()
    page.get_by_label("Process", exact=True).fill("misbehave")
    page.get_by_label("Created").fill("2020-01-01T00:00:00Z/..")
    page.get_by_label("at most").fill("1000")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(f'a[title="{wrong}"]')).to_be_visible()
    expect(page.locator(f'a[title="{right}"]')).to_have_count(0)
    expect(page.get_by_label("failed")).to_be_checked()
    expect(page.get_by_label("running")).not_to_be_checked()
    expect(page.get_by_label("Process", exact=True)).to_have_value("misbehave")
    expect(page.get_by_label("Created")).to_have_value("2020-01-01T00:00:00Z/..")
    expect(page.get_by_label("at most")).to_have_value("1000")
    expect(page.get_by_label("at least")).to_have_value("")


def test_the_list_has_everything_that_the_json_says(page: Page, client: Client) -> None:
    client.finished(client.submit("misbehave", {"how": "process-error"}))
    document = client.get("/jobs?limit=3").json()
    page.goto("/jobs?limit=3")
    text = page.content().replace("&amp;", "&")
    for job in document["jobs"]:
        for name in ("jobID", "processID", "status", "created", "finished", "updated", "expires"):
            assert name not in job or job[name] in text
        for link in job["links"]:
            assert link["href"] in text
