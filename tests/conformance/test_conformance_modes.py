"""Core: synchronous or asynchronous, as table 1a of the standard has it."""

from http.client import HTTPConnection

import pytest
from answers import REL, document_of, links_of
from fulfilment import fulfils
from serving import Client, Server

ASYNC = "respond-async"


def status_of(client: Client, process: str, prefer: str = "") -> int:
    return client.execute(process, {"seconds": 0}, prefer).status_code


@fulfils("/req/core/process-execute-default-execution-mode")
def test_without_preference_a_process_runs_synchronously_if_it_can(client: Client) -> None:
    assert status_of(client, "sync-only") == 200
    assert status_of(client, "async-only") == 201
    assert status_of(client, "sleep") == 200


@fulfils("/req/core/process-execute-auto-execution-mode")
def test_with_a_preference_a_process_runs_as_it_can(client: Client) -> None:
    assert status_of(client, "sync-only", ASYNC) == 200
    assert status_of(client, "async-only", ASYNC) == 201
    assert status_of(client, "sleep", ASYNC) in (200, 201)


@fulfils("/rec/core/process-execute-honor-prefer")
@pytest.mark.parametrize("prefer", [ASYNC, "Respond-Async", "foo, respond-async; profile=x"])
def test_the_preference_for_a_job_is_honoured(client: Client, prefer: str) -> None:
    assert status_of(client, "sleep", prefer) == 201


@fulfils("/rec/core/process-execute-honor-prefer")
def test_a_blank_behind_the_preference_does_not_matter(server: Server) -> None:
    connection = HTTPConnection("localhost", server.port)
    headers = {"Content-Type": "application/json", "Prefer": f"{ASYNC} "}
    connection.request("POST", "/processes/sleep/execution", b'{"inputs": {"seconds": 0}}', headers)
    assert connection.getresponse().status == 201
    connection.close()


@fulfils("/rec/core/process-execute-honor-prefer")
def test_a_wait_is_honoured(client: Client) -> None:
    quick = client.execute("sleep", {"seconds": 0}, "respond-async, wait=30")
    assert (quick.status_code, quick.json()) == (200, 0)
    slow = client.execute("sleep", {"seconds": 300}, "respond-async, wait=1")
    document = document_of(slow, "statusInfo.yaml", status=201)
    assert client.delete(f"/jobs/{document['jobID']}").status_code == 200


@fulfils("/rec/core/process-execute-honor-prefer")
@pytest.mark.parametrize("prefer", ["respond-sync", "handling=lenient", "wait=x", "", ", ,"])
def test_a_preference_that_asks_for_no_job_leads_to_none(client: Client, prefer: str) -> None:
    assert client.execute("sleep", {"seconds": 0}, prefer).status_code == 200


@fulfils("/rec/core/process-execute-preference-applied")
def test_the_preference_that_was_honoured_is_told(client: Client) -> None:
    honoured = client.execute("sleep", {"seconds": 0}, ASYNC)
    assert honoured.headers.get("preference-applied") == ASYNC
    for process, prefer in (("sync-only", ASYNC), ("sleep", ""), ("async-only", "")):
        assert "preference-applied" not in client.execute(process, {"seconds": 0}, prefer).headers


@fulfils("/req/core/process-execute-success-async")
def test_a_new_job_is_at_its_location_at_once(client: Client) -> None:
    response = client.execute("sleep", {"seconds": 1}, ASYNC)
    document = document_of(response, "statusInfo.yaml", status=201)
    location = response.headers.get("location", "")
    assert location == f"{str(client.base_url).rstrip('/')}/jobs/{document['jobID']}"
    assert document["type"] == "process"
    assert document["processID"] == "sleep"
    assert document["status"] in ("accepted", "running")
    assert document_of(client.get(location), "statusInfo.yaml")["jobID"] == document["jobID"]
    assert client.finished(document["jobID"])["status"] == "successful"
    assert links_of(client.status(document["jobID"]), REL + "results")


@fulfils("/per/core/process-execute-sync-job", "/req/core/job-results-success-sync")
def test_a_job_of_a_synchronous_run_is_linked(other_client: Client) -> None:
    response = other_client.execute("receive", {"text": "hi"})
    assert response.status_code == 200
    job = document_of(other_client.get(response.links["monitor"]["url"]), "statusInfo.yaml")
    assert job["status"] == "successful"


@fulfils("/per/core/process-execute-sync-job")
def test_a_synchronous_run_without_a_job_has_no_link(client: Client) -> None:
    assert "link" not in client.execute("sleep", {"seconds": 0}).headers
