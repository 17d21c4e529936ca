"""What clients of many kinds were seen to need, asked as they ask it."""

from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from serving import Client, Server

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
DATES = ("created", "started", "finished", "updated")


def members(document: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object within a document."""
    if isinstance(document, list):
        for item in document:
            yield from members(item)
    if isinstance(document, dict):
        for name, value in document.items():
            yield name, value
            yield from members(value)


def links(document: Any) -> list[dict[str, Any]]:
    return [link for name, value in members(document) if name == "links" for link in value]


def check_status_info(status: dict[str, Any], job_id: str) -> None:
    assert (status["jobID"], status["type"], status["processID"]) == (job_id, "process", "echo")
    assert None not in [value for _, value in members(status)]
    assert type(status["progress"]) is int
    assert 0 <= status["progress"] <= 100
    assert all(datetime.fromisoformat(status[date]).tzinfo for date in DATES if date in status)
    assert "created" in status


def relations(document: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in document["links"]}


def test_every_link_of_every_document_is_absolute_and_says_all_that_owslib_reads(
    client: Client, server: Server
) -> None:
    job_id = client.submit("echo", {"message": "x"})
    client.finished(job_id)
    for path in ("/", "/processes?limit=2", "/processes/echo", "/jobs?limit=2", f"/jobs/{job_id}"):
        found = links(client.get(path).json())
        assert found
        for link in found:
            assert link["href"].startswith(server.url), link
            assert all(isinstance(link[name], str) and link[name] for name in ("rel", "type", "title")), link


def test_the_service_description_resolves_without_network(client: Client) -> None:
    link = next(link for link in client.get("/").json()["links"] if link["type"] == OPENAPI)
    assert link["rel"] == "service-desc"
    response = client.get(link["href"])
    assert response.headers["content-type"] == OPENAPI
    document = response.json()
    assert document["openapi"].startswith("3.0.")
    for name, pointer in members(document):
        if name == "$ref":
            assert pointer.startswith("#/"), pointer
            assert resolved(document, pointer), pointer


def resolved(document: Any, pointer: str) -> Any:
    for step in pointer.removeprefix("#/").split("/"):
        document = document[step.replace("~1", "/").replace("~0", "~")]
    return document


@pytest.mark.parametrize(
    ("prefer", "is_async"),
    [
        (["Respond-Async"], True),
        (["respond-async; profile=https://example.org/p"], True),
        (["return=minimal", "respond-async"], True),
        (['foo="a, b"; x=1, respond-async'], True),
        (["respond-sync"], False),
        (["handling=lenient, unknown"], False),
        ([""], False),
    ],
)
def test_prefer_is_read_as_clients_write_it(client: Client, prefer: list[str], is_async: bool) -> None:
    headers = [("Prefer", value) for value in prefer]
    response = client.post("/processes/echo/execution", json={"inputs": {"message": "x"}}, headers=headers)
    assert response.status_code == (201 if is_async else 200)
    assert response.headers.get("preference-applied", "") == ("respond-async" if is_async else "")


def test_a_blank_after_a_preference_does_not_matter(server: Server) -> None:
    """As the certification suite sends it; httpx would not."""
    connection = HTTPConnection("localhost", server.port)
    headers = {"Prefer": "respond-async ", "Content-Type": "application/json"}
    connection.request("POST", "/processes/echo/execution", '{"inputs": {"message": "x"}}', headers)
    assert connection.getresponse().status == 201
    connection.close()


def test_a_wait_that_is_long_enough_ends_in_results(client: Client) -> None:
    response = client.execute("echo", {"message": "x"}, "respond-async, wait=5")
    assert response.status_code == 200
    assert "wait=5" in response.headers["preference-applied"]


def test_the_request_of_the_certification_suite_that_must_not_run_does_not(client: Client) -> None:
    response = client.post("/processes/echo/execution", json={"invalid-execute-request": {}})
    assert response.status_code == 400
    response = client.execute("heat-map", {"invalid-execute-request": {}})
    assert response.status_code == 400


def test_a_new_job_is_described_in_full_and_its_location_can_be_appended_to(client: Client, server: Server) -> None:
    response = client.post(
        "/processes/echo/execution?schema=OGC",
        json={"inputs": {"message": "x"}, "mode": "async"},
        headers={"Prefer": "respond-async"},
    )
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    status = response.json()
    check_status_info(status, status["jobID"])
    location = response.headers["location"]
    assert location == f"{server.url}/jobs/{status['jobID']}"
    assert not urlsplit(location).query
    client.finished(status["jobID"])
    assert client.get(f"{location}/results").status_code == 200


def test_invalid_inputs_are_plain_json_for_a_client_that_names_it(client: Client) -> None:
    request = {"inputs": {"message": 5}}
    for accept, expected in (("application/json", "application/json"), ("*/*", "application/problem+json")):
        response = client.post("/processes/echo/execution", json=request, headers={"Accept": accept})
        assert response.status_code == 400
        assert response.headers["content-type"] == expected
        assert response.json()["errors"]


def test_status_documents_are_whole_through_a_jobs_life(client: Client) -> None:
    job_id = client.submit("echo", {"message": "x", "pause": 1})
    running = client.when(job_id, "running")
    check_status_info(running, job_id)
    assert relations(running)["monitor"].endswith(f"/jobs/{job_id}")
    assert REL + "results" not in relations(running)
    successful = client.finished(job_id)
    check_status_info(successful, job_id)
    assert client.get(relations(successful)[REL + "results"]).status_code == 200
    check_status_info(next(job for job in client.get("/jobs").json()["jobs"] if job["jobID"] == job_id), job_id)


def test_a_dismissal_answers_with_a_status_document(client: Client) -> None:
    job_id = client.submit("echo", {"message": "x", "pause": 60})
    response = client.delete(f"/jobs/{job_id}")
    assert response.headers["content-type"] == "application/json"
    check_status_info(response.json(), job_id)
    assert response.json()["status"] == "dismissed"
    check_status_info(client.status(job_id), job_id)


@pytest.mark.parametrize("members", [{}, {"response": "document"}, {"outputs": {"message": {}}}, {"outputs": {}}])
def test_results_by_value_have_no_link_header(client: Client, members: dict[str, Any]) -> None:
    response = client.execute("echo", {"message": "x", "count": 1}, **members)
    assert response.status_code == 200
    assert "link" not in response.headers


@pytest.mark.parametrize(
    "quality",
    [
        {"mediaType": "application/json"},
        {"type": "application/json"},
        {"format": {"mediaType": "application/json"}},
        {"format": {"type": "application/json"}},
    ],
)
def test_a_qualified_value_may_be_spelt_in_two_ways(client: Client, quality: dict[str, Any]) -> None:
    point = {"type": "Point", "coordinates": [1, 2]}
    request = {"message": "x", "geometry": [{"value": point, **quality}]}
    response = client.execute("echo", request, outputs={"geometry": {}}, response="document")
    assert response.json()["geometry"]["value"] == point


@pytest.mark.parametrize(
    ("path", "method"), [("/processes/echo/execution", "POST"), ("/jobs/x", "DELETE"), ("/jobs", "GET")]
)
def test_a_page_of_another_origin_may_send_what_it_needs(client: Client, path: str, method: str) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,prefer",
    }
    response = client.options(path, headers=asked)
    assert response.status_code == 200, response.text
    assert method in response.headers["access-control-allow-methods"]
    allowed = response.headers["access-control-allow-headers"].lower()
    assert all(name in allowed for name in ("authorization", "content-type", "prefer"))


def test_one_geojson_output_is_plain_geojson_at_a_stable_url(client: Client) -> None:
    """QGIS users add this URL as a layer."""
    job_id = client.submit("service-coverage", {"distance": 500})
    client.finished(job_id)
    first, second = (client.get(f"/jobs/{job_id}/results/districts") for _ in range(2))
    assert first.headers["content-type"] == "application/geo+json"
    assert first.json()["type"] == "FeatureCollection"
    assert first.content == second.content
