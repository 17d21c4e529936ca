"""Every kind of page, by name, with jobs in every status."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Page, expect
from serving import Client

JOB_PAGES = ("accepted", "running", "successful", "failed", "dismissed")
FIXED = {
    "landing-page": "/",
    "conformance": "/conformance",
    "processes": "/processes",
    "no-processes": "/processes?q=nothing-of-this-name",
    "simple-process": "/processes/simple_process",
    "echo": "/processes/echo",
    "echo-binary": "/processes/echo-binary",
    "service-coverage": "/processes/service-coverage",
    "heat-map": "/processes/heat-map",
    "jobs": "/jobs",
    "problem": "/jobs?limit=none",
    "api": "/api?f=html",
    "swagger": "/api?f=swagger",
}
NAMES = (*FIXED, *(f"job-{status}" for status in JOB_PAGES), "results", "results-image")
BEYOND_THE_POLE = {"type": "Polygon", "coordinates": [[[0, 100], [1, 100], [1, 101], [0, 100]]]}
NOWHERE = {
    "type": "FeatureCollection",
    "features": [{"type": "Feature", "properties": {}, "geometry": BEYOND_THE_POLE}],
}
MOST_BUSY = 5


@contextmanager
def gallery(client: Client) -> Iterator[Mapping[str, str]]:
    """Their paths; the jobs under way are dismissed at its end."""
    ended = {
        "successful": client.submit("service-coverage", {"distance": 500}),
        "picture": client.submit("heat-map", {"size": 200, "steps": 10, "pause": 0}),
        "failed": client.submit("service-coverage", {"districts": NOWHERE}),
    }
    for job_id in ended.values():
        client.finished(job_id)
    busy = [client.submit("heat-map", {"steps": 100, "pause": 5}) for _ in range(MOST_BUSY)]
    client.when(busy[0], "running")
    dismissed = client.submit("simple_process", {"input_text": "never mind"})
    client.delete(f"/jobs/{dismissed}")
    jobs = {**ended, "running": busy[0], "accepted": busy[-1], "dismissed": dismissed}
    try:
        yield {
            **FIXED,
            **{f"job-{status}": f"/jobs/{jobs[status]}" for status in JOB_PAGES},
            "results": f"/jobs/{jobs['successful']}/results",
            "results-image": f"/jobs/{jobs['picture']}/results",
        }
    finally:
        for job_id in reversed(busy):
            client.delete(f"/jobs/{job_id}")


def open_page(page: Page, path: str) -> None:
    """Until all is there that its scripts put into it."""
    page.goto(path)
    if path.endswith("f=swagger"):
        page.wait_for_selector(".opblock")
    if page.locator("#code").count():  # written once it is seen
        page.locator("#code").scroll_into_view_if_needed()
        expect(page.locator("#code code").first).not_to_be_empty()
        page.evaluate("scrollTo(0, 0)")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
