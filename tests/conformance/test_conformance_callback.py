"""Class callback: a subscriber is told of the end of a job, and of its progress."""

import json

import pytest
from answers import JSON, PROBLEM_JSON, assert_no_null
from fulfilment import fulfils
from listening import Listener
from serving import Client, free_port
from standard_schemas import RELAXED, assert_fits


def subscriber(listener: Listener) -> dict[str, str]:
    return {f"{event}Uri": f"{listener.url}/{event}" for event in ("success", "failed", "inProgress")}


@fulfils("/req/callback/job-callback")
def test_results_are_posted_to_the_subscriber(client: Client, listener: Listener) -> None:
    inputs = {"message": "hi", "count": 3}
    client.submit("echo", inputs, subscriber=subscriber(listener))
    posted = listener.next_post("/success")
    assert posted.content_type.partition(";")[0] == JSON
    results = json.loads(posted.body)
    assert_fits(results, "results.yaml", RELAXED)
    assert results == inputs


@fulfils("/req/callback/job-callback")
def test_only_the_outputs_asked_for_are_posted(client: Client, listener: Listener) -> None:
    outputs = {"count": {"transmissionMode": "reference"}}
    client.submit("echo", {"message": "hi", "count": 3}, outputs=outputs, subscriber=subscriber(listener))
    results = json.loads(listener.next_post("/success").body)
    assert list(results) == ["count"]
    assert client.get(results["count"]["href"]).text == "3"


@fulfils("/req/callback/job-callback")
def test_a_failure_is_posted_to_the_subscriber(client: Client, listener: Listener) -> None:
    client.submit("misbehave", {"how": "process-error"}, subscriber=subscriber(listener))
    posted = listener.next_post("/failed")
    assert posted.content_type.partition(";")[0] in (JSON, PROBLEM_JSON)
    problem = json.loads(posted.body)
    assert_fits(problem, "exception.yaml")
    assert problem["detail"] == "outside the city limits"


@fulfils("/req/callback/job-callback")
def test_progress_is_posted_to_the_subscriber(client: Client, listener: Listener) -> None:
    job_id = client.submit("report", {"percents": [10, 40, 80]}, subscriber=subscriber(listener))
    document = json.loads(listener.next_post("/inProgress").body)
    assert_fits(document, "statusInfo.yaml")
    assert_no_null(document)
    assert (document["jobID"], document["status"]) == (job_id, "running")


@fulfils("/req/callback/job-callback")
def test_a_callback_that_is_not_taken_is_sent_again(client: Client, listener: Listener) -> None:
    listener.statuses.put(503)
    client.submit("echo", {"message": "hi"}, subscriber={"successUri": f"{listener.url}/success"})
    first, second = (listener.next_post("/success") for _ in range(2))
    assert first == second


@fulfils("/req/callback/job-callback")
@pytest.mark.parametrize("event", ["successUri", "failedUri", "inProgressUri"])
def test_a_subscriber_that_is_not_there_harms_no_job(client: Client, event: str) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/"
    job_id = client.submit("report", {"percents": [50]}, subscriber={event: nobody})
    assert client.finished(job_id)["status"] == "successful"
    assert client.get(f"/jobs/{job_id}/results").text == "50.0"
