"""Class html: every answer may be a page, and a page says all that the JSON document says."""

from typing import Any

import httpx
import pytest
from answers import JSON, link_of, targets_of
from fulfilment import fulfils
from html_pages import HtmlPage, assert_shows_all
from serving import Client

AS_BROWSERS = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
WAYS: list[dict[str, Any]] = [{"headers": AS_BROWSERS}, {"params": {"f": "html"}}]
DOCUMENTS = ["/", "/conformance", "/processes", "/processes/echo", "/jobs"]


def in_every_way(client: Client, path: str, method: str = "GET") -> list[httpx.Response]:
    """The page by `Accept` and by `f`."""
    responses = []
    for way in WAYS:
        url = httpx.URL(path).copy_merge_params(way.get("params", {}))
        responses.append(client.request(method, url, headers=way.get("headers")))
    return responses


def assert_is_the_page_of(client: Client, path: str) -> None:
    """The link from the document to its page apart: on the page, that is the link to itself."""
    document = client.get(path).json()
    links = [link for link in document.get("links", ()) if link["rel"] != "alternate"]
    for response in in_every_way(client, path):
        assert_shows_all(HtmlPage(response), {**document, **({"links": links} if links else {})})


@fulfils("/req/html/definition", "/req/html/content", "/rec/core/html")
@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_page_shows_all_that_the_document_says(client: Client, path: str) -> None:
    client.finished(client.submit("echo", {"message": "hi"}))
    assert_is_the_page_of(client, path)


@fulfils("/req/html/content")
def test_the_page_of_every_process_shows_all_of_its_description(client: Client) -> None:
    processes = client.get("/processes?limit=1000").json()["processes"]
    for process in processes:
        [itself] = [link["href"] for link in process["links"] if link["rel"] == "self"]
        assert_is_the_page_of(client, itself)


@fulfils("/req/html/content")
def test_the_pages_of_a_list_lead_to_one_another(client: Client) -> None:
    page = client.get("/processes?limit=2&offset=2").json()
    assert {link["rel"] for link in page["links"]} >= {"next", "prev"}
    assert_is_the_page_of(client, "/processes?limit=2&offset=2")


@fulfils("/req/html/definition", "/req/html/content")
@pytest.mark.parametrize("how", ["", "exception"])
def test_the_page_of_a_job_shows_all_of_its_status(client: Client, how: str) -> None:
    job_id = client.submit("misbehave", {"how": how}) if how else client.submit("echo", {"message": "hi"})
    client.finished(job_id)
    assert_is_the_page_of(client, f"/jobs/{job_id}")


@fulfils("/req/html/definition", "/req/html/content")
def test_the_page_of_results_shows_values_and_links(client: Client) -> None:
    job_id = client.submit("echo", {"message": 'hi "you" & <b>'}, response="document")
    client.finished(job_id)
    assert_is_the_page_of(client, f"/jobs/{job_id}/results")
    for response in in_every_way(client, f"/jobs/{job_id}/results"):
        assert HtmlPage(response).links_to(
            f"{client.base_url}/jobs/{job_id}/results/message".replace("//jobs", "/jobs")
        )


@fulfils("/req/html/definition", "/req/html/content")
@pytest.mark.parametrize("way", WAYS, ids=["Accept", "f"])
def test_the_answer_to_a_dismissal_may_be_a_page(client: Client, way: dict[str, Any]) -> None:
    as_json, as_page = (client.submit("echo", {"message": "hi"}) for _ in range(2))
    links = client.delete(f"/jobs/{as_json}").json()["links"]
    known = client.finished(as_page)
    page = HtmlPage(client.delete(f"/jobs/{as_page}", **way))
    assert_shows_all(page, {**known, "status": "dismissed", "links": links})


@fulfils("/req/html/definition", "/req/html/content")
def test_the_api_documentation_shows_every_operation_and_schema(client: Client) -> None:
    definition = client.get("/api").json()
    for response in in_every_way(client, "/api"):
        page = HtmlPage(response)
        assert_shows_all(page, {**definition["info"], "tags": definition["tags"], "servers": definition["servers"]})
        for path, methods in definition["paths"].items():
            for method, operation in methods.items():
                assert page.shows(f"{method.upper()} {path}")
                assert page.shows(operation["summary"])
                assert page.shows(operation.get("description", operation["summary"]))
        for name, schema in definition["components"]["schemas"].items():
            assert page.shows(name)
            assert_shows_all(page, schema)


@fulfils("/req/html/definition")
def test_a_problem_may_be_a_page(client: Client) -> None:
    for path, status in (("/processes/nope", 404), ("/jobs?limit=none", 400)):
        problem = client.get(path).json()
        page = HtmlPage(client.get(path, headers=AS_BROWSERS), status=status)
        assert_shows_all(page, {name: value for name, value in problem.items() if name != "detail"})


@fulfils("/req/core/pl-links")
@pytest.mark.parametrize("path", DOCUMENTS)
def test_each_form_of_a_resource_names_itself_and_the_other(client: Client, path: str) -> None:
    document = client.get(path)
    pages = in_every_way(client, path)
    in_document = document.json().get("links", targets_of(document))
    for links, own, other in (
        (in_document, JSON, "text/html"),
        *((targets_of(page), "text/html", JSON) for page in pages),
    ):
        itself = link_of({"links": links}, "self")
        alternate = link_of({"links": links}, "alternate")
        assert (itself["type"], alternate["type"]) == (own, other)
        for link in (itself, alternate):
            assert client.get(link["href"]).headers["content-type"].partition(";")[0] == link["type"]
