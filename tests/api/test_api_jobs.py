"""A job's life as clients see it."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from serving import Client, Server, is_running, wait_until


def test_a_new_job_is_described_and_found_at_its_location(client: Client, server: Server) -> None:
    response = client.execute("simple_process", {"input_text": "new job"}, "respond-async")
    assert response.status_code == 201
    document = response.json()
    assert response.headers["location"] == f"{server.url}/jobs/{document['jobID']}"
    assert document["type"] == "process"
    assert document["processID"] == "simple_process"
    assert client.get(response.headers["location"]).status_code == 200


def test_a_finished_job_tells_its_times_and_its_results(client: Client) -> None:
    job_id = client.submit("echo", {"message": "times"})
    document = client.finished(job_id)
    assert document["status"] == "successful"
    assert document["progress"] == 100
    times = [document[name] for name in ("created", "started", "finished", "updated")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment) for moment in times)
    assert times == sorted(times, key=datetime.fromisoformat)
    assert None not in document.values()
    results = next(link["href"] for link in document["links"] if link["rel"].endswith("/results"))
    assert client.get(results).status_code == 200


def test_results_are_the_same_by_every_way(client: Client) -> None:
    inputs = {"message": "same", "count": 3.5, "mixed": {"value": {"b": [1, None]}}}
    sync = client.execute("echo", inputs, response="document")
    job_id = client.submit("echo", inputs, response="document")
    client.finished(job_id)
    assert client.get(f"/jobs/{job_id}/results").content == sync.content
    assert client.get(f"/jobs/{job_id}/results/mixed").content == b'{"b":[1,null]}'


def test_jobs_are_listed_newest_first_page_by_page(client: Client) -> None:
    made = [client.submit("echo", {"message": str(number)}) for number in range(5)]
    assert [job["jobID"] for job in client.get("/jobs?limit=5").json()["jobs"]] == made[::-1]
    first = client.get("/jobs?limit=2").json()
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    second = client.get(following).json()
    assert [job["jobID"] for job in first["jobs"] + second["jobs"]] == made[:0:-1]


def test_progress_is_clamped_and_never_goes_back(client: Client, server: Server) -> None:
    job_id = client.submit("report", {"percents": [40, 250, -5, 30]})
    seen = []

    def done() -> bool:
        document = client.status(job_id)
        seen.append(document["progress"])
        return document["status"] == "successful"

    wait_until(done, 20)
    assert seen == sorted(seen)
    assert {40, 100} <= set(seen)
    wait_until(lambda: f"job {job_id} reports a progress of 250" in server.log())


def test_messages_are_shown_while_the_job_runs(client: Client) -> None:
    job_id = client.submit("report", {"percents": [10, 20]})
    assert wait_until(lambda: client.status(job_id).get("message") == "at 20", 20)


@pytest.mark.parametrize("suffix", ["", "/results", "/results/output"])
def test_an_unknown_job_is_a_problem(client: Client, suffix: str) -> None:
    response = client.get(f"/jobs/nope{suffix}")
    assert response.status_code == 404
    assert response.json()["type"].endswith("no-such-job")


def test_results_of_a_job_that_runs_are_not_ready(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 30})
    response = client.get(f"/jobs/{job_id}/results")
    assert response.status_code == 404
    assert response.json()["type"].endswith("result-not-ready")
    client.delete(f"/jobs/{job_id}")


def test_an_output_that_is_none_is_a_problem(client: Client) -> None:
    job_id = client.submit("simple_process", {"input_text": "x"})
    client.finished(job_id)
    response = client.get(f"/jobs/{job_id}/results/nope")
    assert response.status_code == 404
    assert response.json()["type"].endswith("no-such-output")


@pytest.mark.parametrize("how", ["exception", "exit", "nan", "object", "wrong type", "unknown output", "cancelled"])
def test_what_authors_do_wrong_fails_the_job_and_tells_nobody_more(client: Client, server: Server, how: str) -> None:
    job_id = client.submit("misbehave", {"how": how})
    document = client.finished(job_id)
    assert document["status"] == "failed"
    response = client.get(f"/jobs/{job_id}/results")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    for text in (response.text, str(document)):
        assert "hunter2" not in text
        assert "Traceback" not in text
    sync = client.execute("misbehave", {"how": how})
    assert sync.status_code == 500
    assert sync.json()["detail"] == response.json()["detail"]


def test_the_log_has_the_authors_traceback(client: Client, server: Server) -> None:
    job_id = client.submit("misbehave", {"how": "exception"})
    client.finished(job_id)
    head = f" ERROR   job {job_id} failed: "
    wait_until(lambda: f"{head}ValueError" in server.log())
    lines = [line.partition(head)[2] for line in server.log().splitlines() if head in line]
    assert "trials.py" in lines[0]
    assert lines[1:] == [
        '    raise ValueError("postgresql://admin:hunter2@db/city")',
        "ValueError: postgresql://admin:hunter2@db/city",
    ]


def test_a_process_error_is_told_as_it_is(client: Client) -> None:
    response = client.execute("misbehave", {"how": "process-error"})
    assert response.status_code == 500
    assert response.json()["detail"] == "outside the city limits"
    assert client.execute("misbehave", {"how": "surrogate"}).json()["detail"] == "outside ? the city limits"


def test_a_process_that_kills_its_worker_fails_after_its_attempts(client: Client, server: Server) -> None:
    job_id = client.submit("misbehave", {"how": "crash"})
    document = client.finished(job_id)
    assert document["status"] == "failed"
    assert "attempt 3 of 3" in document["message"], server.log()[-3000:]
    lines = lambda: [line for line in server.log().splitlines() if job_id in line]  # noqa: E731
    starts = lambda: [line.partition("attempt ")[2][0] for line in lines() if "running" in line]  # noqa: E731
    wait_until(lambda: len(starts()) >= 3, 10, lambda: "\n".join(lines()))
    assert starts() == ["1", "2", "3"], "\n".join(lines())


def test_a_running_job_is_dismissed_with_its_processes(client: Client, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    job_id = client.submit("stubborn", {"pids": str(pids)})
    wait_until(lambda: pids.exists() and pids.read_text())
    response = client.delete(f"/jobs/{job_id}")
    assert response.status_code == 200
    assert response.json()["status"] == "dismissed"
    assert client.status(job_id)["status"] == "dismissed"
    wait_until(lambda: not any(map(is_running, pids.read_text().split())), 10)
    assert client.get(f"/jobs/{job_id}/results").status_code == 410
    assert client.delete(f"/jobs/{job_id}").status_code == 410


def test_a_finished_job_is_removed_and_leaves_a_mark(client: Client, server: Server) -> None:
    job_id = client.submit("fill", {"size": 222_222})
    client.finished(job_id)
    response = client.delete(f"/jobs/{job_id}")
    assert (response.status_code, response.json()["status"]) == (200, "dismissed")
    assert client.get(f"/jobs/{job_id}").status_code == 410
    assert client.delete(f"/jobs/{job_id}").status_code == 410
    assert job_id not in client.get("/jobs?limit=1000").text
    assert not (server.state / "results" / "jobs" / job_id).exists()
    assert client.delete("/jobs/nope").status_code == 404


def test_a_soft_limit_lets_the_callable_end(client: Client) -> None:
    document = client.finished(client.submit("soft-limit", {"seconds": 60}))
    assert document["status"] == "failed"
    assert "soft time limit" in document["message"]


def test_the_soft_limit_is_told_by_exception_and_context(client: Client) -> None:
    answer = client.execute("listen", {}, response="document").json()
    assert answer == {"caught": "SoftTimeLimitExceeded", "cancelled": True}


def test_a_callable_that_forks_runs_on_once(client: Client, server: Server) -> None:
    job_id = client.submit("misbehave", {"how": "fork"})
    assert client.finished(job_id)["status"] == "successful"
    client.execute("echo", {"message": "after"})
    assert server.log().count(f"job {job_id} successful") == 1


def test_ids_that_are_none_are_not_looked_up(client: Client) -> None:
    job_id = client.submit("simple_process", {"input_text": "x"})
    client.finished(job_id)
    for odd in (f"{job_id}:request", f"{job_id}:results", "*", "%00"):
        assert client.get(f"/jobs/{odd}").status_code == 404


def test_a_hard_limit_ends_what_does_not_listen(client: Client, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    job_id = client.submit("hard-limit", {"pids": str(pids)})
    document = client.finished(job_id)
    assert document["status"] == "failed"
    assert "hard time limit" in document["message"]
    wait_until(lambda: not any(map(is_running, pids.read_text().split())), 10)
    response = client.get(f"/jobs/{job_id}/results")
    assert response.status_code == 500
    assert response.json()["type"].endswith("time-limit-exceeded")
