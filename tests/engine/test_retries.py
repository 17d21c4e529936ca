"""Exceptions after which a callable runs again: `retryOn`, `retryDelay`, `attempts`."""

from pathlib import Path

from serving import Client, Server, wait_until


def test_an_exception_that_is_named_costs_an_attempt(client: Client, tmp_path: Path) -> None:
    job_id = client.submit("flaky", {"counter": str(tmp_path / "runs"), "failures": 2})
    assert client.finished(job_id)["status"] == "successful"
    assert client.get(f"/jobs/{job_id}/results").json() == 3


def test_between_two_attempts_the_job_waits_and_says_so(client: Client, tmp_path: Path) -> None:
    counter = tmp_path / "runs"
    job_id = client.submit("flaky", {"counter": str(counter), "failures": 1})
    seen = set()

    while (document := client.status(job_id))["status"] not in ("successful", "failed"):
        seen.add((document["status"], document.get("message")))
    assert ("accepted", "attempt 1 of 3 failed") in seen
    assert document["status"] == "successful"
    assert "message" not in document


def test_the_last_attempt_fails_the_job_and_tells_no_secret(client: Client, server: Server, tmp_path: Path) -> None:
    counter = tmp_path / "runs"
    job_id = client.submit("flaky", {"counter": str(counter), "failures": 9})
    document = client.finished(job_id)
    assert document["status"] == "failed"
    assert "hunter2" not in str(document)
    assert counter.read_text().count("x") == 3
    wait_until(lambda: f"job {job_id} accepted: attempt 2 of 3 failed with Refused" in server.log())


def test_a_client_that_waits_gets_the_last_attempts_outputs(client: Client, tmp_path: Path) -> None:
    response = client.execute("flaky", {"counter": str(tmp_path / "runs"), "failures": 1})
    assert (response.status_code, response.json()) == (200, 2)


def test_a_job_that_waits_for_its_next_attempt_can_be_dismissed(client: Client, tmp_path: Path) -> None:
    counter = tmp_path / "runs"
    job_id = client.submit("flaky", {"counter": str(counter), "failures": 9})
    while client.status(job_id).get("message") != "attempt 1 of 3 failed":
        pass
    client.delete(f"/jobs/{job_id}")
    other = client.submit("flaky", {"counter": str(tmp_path / "other"), "failures": 1})
    assert client.finished(other)["status"] == "successful"
    assert client.status(job_id)["status"] == "dismissed"
    assert counter.read_text().count("x") == 1
