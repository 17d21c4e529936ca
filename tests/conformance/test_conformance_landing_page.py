"""Core: landing page, API definition, conformance, and HTTP in general. Class json."""

from typing import Any

import pytest
from answers import JSON, PROBLEM_JSON, REL, document_of, link_of, links_of, problem_of, targets_of
from fulfilment import fulfils
from openapi_spec_validator import validate
from serving import Client

CLASS = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
CLASSES = ("core", "ogc-process-description", "json", "oas30", "job-list", "callback", "dismiss")


@fulfils("/req/core/landingpage-op", "/req/core/landingpage-success")
def test_the_landing_page_links_to_definition_conformance_and_processes(client: Client) -> None:
    document = document_of(client.get("/"), "landingPage.yaml")
    assert links_of(document, "service-desc") or links_of(document, "service-doc")
    for rel, member in (("conformance", "conformsTo"), ("processes", "processes")):
        assert member in client.get(link_of(document, REL + rel)["href"]).json()
    assert document_of(client.get(str(client.base_url).rstrip("/")), "landingPage.yaml") == document


@fulfils("/req/core/api-definition-op", "/req/core/api-definition-success")
def test_every_api_definition_of_the_landing_page_is_what_its_link_says(client: Client) -> None:
    document = document_of(client.get("/"), "landingPage.yaml")
    definitions = [*links_of(document, "service-desc"), *links_of(document, "service-doc")]
    assert definitions
    for link in definitions:
        response = client.get(link["href"])
        assert response.status_code == 200
        assert response.headers["content-type"].replace(" ", "").startswith(link["type"].replace(" ", ""))
        assert "json" not in link["type"] or response.json()["openapi"].startswith("3.")


@fulfils("/rec/core/api-definition-oas")
def test_every_json_definition_is_valid(client: Client) -> None:
    for link in links_of(client.get("/").json(), "service-desc"):
        validate(client.get(link["href"]).json())


@fulfils("/req/core/conformance-op", "/req/core/conformance-success")
def test_the_conformance_classes_are_declared(client: Client) -> None:
    declared = document_of(client.get("/conformance"), "confClasses.yaml")["conformsTo"]
    missing = {CLASS + name for name in CLASSES} - set(declared)
    assert not missing
    assert len(declared) == len(set(declared))


@fulfils("/req/core/http")
def test_http_1_1_is_spoken(client: Client) -> None:
    response = client.get("/")
    assert response.http_version == "HTTP/1.1"
    head = client.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == response.headers["content-type"]
    wrong = client.put("/conformance")
    problem_of(wrong, 405)
    assert {"GET", "HEAD"} <= {method.strip() for method in wrong.headers["allow"].split(",")}


WRONG_REQUESTS = [
    ("GET", "/nowhere", 404, {}),
    ("DELETE", "/processes", 405, {}),
    ("GET", "/processes?limit=none", 400, {}),
    ("GET", "/processes/nope", 404, {}),
    ("GET", "/jobs/nope", 404, {}),
    ("GET", "/jobs?status=nope", 400, {}),
    ("POST", "/processes/echo/execution", 400, {"content": b"{"}),
    ("POST", "/processes/echo/execution", 400, {"json": {"inputs": {"message": 1}}}),
    ("POST", "/processes/echo/execution", 415, {"content": b"<x/>", "headers": {"Content-Type": "text/xml"}}),
    ("GET", "/", 406, {"headers": {"Accept": "image/png"}}),
    (
        "POST",
        "/processes/misbehave/execution",
        500,
        {"json": {"inputs": {"how": "exception"}, "outputs": {"result": {}}}},
    ),
]


@fulfils("/rec/core/problem-details")
@pytest.mark.parametrize(("method", "path", "status", "body"), WRONG_REQUESTS)
def test_every_error_is_a_problem(client: Client, method: str, path: str, status: int, body: dict[str, Any]) -> None:
    response = client.request(method, path, **body)
    problem_of(response, status)
    assert response.headers["content-type"] == PROBLEM_JSON


@fulfils("/rec/core/problem-details")
def test_an_error_is_json_for_clients_that_accept_only_that(client: Client) -> None:
    response = client.get("/jobs/nope", headers={"Accept": JSON})
    problem_of(response, 404, "no-such-job")
    assert response.headers["content-type"] == JSON


@fulfils("/rec/core/cross-origin", "/rec/core/access-control-expose-headers")
def test_pages_of_other_origins_may_call(client: Client) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,prefer",
    }
    preflight = client.options("/processes/echo/execution", headers=asked)
    assert preflight.status_code == 200
    assert "POST" in preflight.headers.get("access-control-allow-methods", "")
    headers = client.get("/processes", headers={"Origin": "http://localhost:3000"}).headers
    assert headers.get("access-control-allow-origin") in ("*", "http://localhost:3000")
    exposed = {name.strip().lower() for name in headers.get("access-control-expose-headers", "").split(",")}
    assert exposed >= {"location", "link", "preference-applied"}


@fulfils("/rec/core/link-header")
@pytest.mark.parametrize("path", ["/", "/processes", "/processes/echo", "/jobs"])
def test_links_stand_in_a_header_too(client: Client, path: str) -> None:
    response = client.get(path)
    headers = {(target["href"], target["rel"]) for target in targets_of(response)}
    assert headers == {(link["href"], link["rel"]) for link in response.json()["links"]}


@fulfils("/req/json/definition")
@pytest.mark.parametrize("accept", [None, "*/*", JSON, "application/*", "text/html;q=0.1, application/json"])
def test_documents_are_json(client: Client, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    created = client.execute("echo", {"message": "hi"}, "respond-async")
    results = client.post(
        "/processes/echo/execution", json={"inputs": {"message": "hi"}, "response": "document"}, headers=headers
    )
    job = f"/jobs/{created.json()['jobID']}"
    documents = [client.get(path, headers=headers) for path in ("/", "/conformance", "/processes", "/processes/echo")]
    for response in (*documents, client.get(job, headers=headers), created, results):
        assert response.is_success
        assert response.headers["content-type"] == JSON
        assert isinstance(response.json(), dict)
