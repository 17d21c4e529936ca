"""Core: the status of a job, and what there is instead of results. Class dismiss."""

from datetime import datetime

import pytest
from answers import REL, RFC3339, document_of, link_of, links_of, problem_of
from fulfilment import fulfils
from serving import Client


@fulfils("/req/core/job", "/req/core/job-success")
def test_a_finished_job_has_a_status_document(client: Client) -> None:
    job_id = client.submit("echo", {"message": "hi"})
    client.finished(job_id)
    document = document_of(client.get(f"/jobs/{job_id}"), "statusInfo.yaml")
    assert (document["jobID"], document["type"], document["status"]) == (job_id, "process", "successful")
    assert document["progress"] == 100
    assert isinstance(document["progress"], int)
    assert client.get(link_of(document, REL + "results")["href"]).status_code == 200


@fulfils("/req/core/job-success")
def test_a_running_job_tells_its_progress(client: Client) -> None:
    job_id = client.submit("report", {"percents": [250, -5, 40]})
    while (document := document_of(client.get(f"/jobs/{job_id}"), "statusInfo.yaml"))["status"] != "successful":
        assert document["status"] in ("accepted", "running")
        assert isinstance(document["progress"], int)
        assert 0 <= document["progress"] <= 100
        assert client.get(link_of(document, "monitor")["href"]).status_code == 200


@fulfils("/rec/core/job-status")
def test_a_status_tells_the_process_and_the_times_in_order(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 0})
    client.finished(job_id)
    document = document_of(client.get(f"/jobs/{job_id}"), "statusInfo.yaml")
    assert document["processID"] == "sleep"
    times = [document[name] for name in ("created", "started", "finished", "updated")]
    assert all(RFC3339.fullmatch(time) for time in times), times
    assert times == sorted(times, key=datetime.fromisoformat)


@fulfils("/req/core/job-exception-no-such-job", "/req/core/job-results-exception/no-such-job")
def test_an_unknown_job_is_named_as_such(client: Client) -> None:
    for path in ("/jobs/nope", "/jobs/nope/results", "/jobs/00000000-0000-4000-8000-000000000000"):
        problem_of(client.get(path), 404, "no-such-job")


@fulfils("/req/core/job-results-exception/results-not-ready")
def test_a_running_job_has_no_results(client: Client, running_job: str) -> None:
    problem_of(client.get(f"/jobs/{running_job}/results"), 404, "result-not-ready")


@fulfils("/req/core/job-results-exception/results-not-ready")
def test_a_waiting_job_has_no_results(client: Client, waiting_job: str) -> None:
    problem_of(client.get(f"/jobs/{waiting_job}/results"), 404, "result-not-ready")
    document = document_of(client.get(f"/jobs/{waiting_job}"), "statusInfo.yaml")
    assert document["status"] == "accepted"
    assert "started" not in document


@fulfils("/req/core/job-results-failed")
@pytest.mark.parametrize(("how", "detail"), [("process-error", "outside the city limits"), ("exception", "")])
def test_the_results_of_a_failed_job_are_its_cause(client: Client, how: str, detail: str) -> None:
    job_id = client.submit("misbehave", {"how": how})
    assert client.finished(job_id)["status"] == "failed"
    document = document_of(client.get(f"/jobs/{job_id}"), "statusInfo.yaml")
    problem = problem_of(client.get(link_of(document, REL + "exceptions")["href"]), 500)
    assert detail in problem["detail"]
    assert not links_of(document, REL + "results")
    assert problem_of(client.execute("misbehave", {"how": how}), 500)["type"] == problem["type"]


@fulfils("/req/dismiss/job-dismiss-op", "/req/dismiss/job-dismiss-success")
def test_a_running_job_is_dismissed(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 300})
    client.when(job_id, "running")
    document = document_of(client.delete(f"/jobs/{job_id}"), "statusInfo.yaml")
    assert (document["jobID"], document["status"], document["type"]) == (job_id, "dismissed", "process")
    assert "jobs" in client.get(link_of(document, "up")["href"]).json()
    assert document_of(client.get(f"/jobs/{job_id}"), "statusInfo.yaml")["status"] == "dismissed"
    problem_of(client.get(f"/jobs/{job_id}/results"), 410, "result-not-available")
    problem_of(client.delete(f"/jobs/{job_id}"), 410)


@fulfils("/req/dismiss/job-dismiss-op", "/req/dismiss/job-dismiss-success")
def test_a_finished_job_is_removed_with_its_results(client: Client) -> None:
    job_id = client.submit("echo", {"message": "hi"})
    client.finished(job_id)
    output = f"/jobs/{job_id}/results/message"
    assert client.get(output).text == "hi"
    assert document_of(client.delete(f"/jobs/{job_id}"), "statusInfo.yaml")["status"] == "dismissed"
    for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/results", output):
        assert client.get(path).status_code in (404, 410)
    problem_of(client.delete(f"/jobs/{job_id}"), 410)


@fulfils("/req/dismiss/job-dismiss-success")
def test_an_unknown_job_cannot_be_dismissed(client: Client) -> None:
    problem_of(client.delete("/jobs/nope"), 404, "no-such-job")
