"""What one run may use: memory, results; and how many runs there may be at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from serving import Client


@pytest.mark.parametrize("how", ["stays", "child"])
def test_a_job_over_its_memory_limit_is_killed_and_says_where(client: Client, how: str) -> None:
    job_id = client.submit("hog", {"mebibytes": 400, "how": how})
    document = client.finished(job_id)
    assert document["status"] == "failed"
    assert document["message"] == "The process was killed: over 300 MiB at 61 %."
    assert document["exception"]["type"].endswith("/memory-limit-exceeded")
    assert client.get(f"/jobs/{job_id}/results").status_code == 500


def test_a_job_within_its_memory_limit_is_left_alone(client: Client) -> None:
    response = client.execute("hog", {"mebibytes": 50, "how": "ends"})
    assert response.json() == 50 << 20


def test_results_over_their_limit_fail_the_job(client: Client) -> None:
    assert client.execute("little", {"size": 1 << 20}).status_code == 200
    response = client.execute("little", {"size": 2 << 20})
    assert response.status_code == 500
    assert response.json()["detail"] == "The outputs are 2 MiB, over the 1 MiB that the process may return."


def test_no_more_runs_at_once_than_the_file_says(client: Client, tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = [client.submit("crowd", {"log": str(log), "name": str(number)}) for number in range(6)]
    with ThreadPoolExecutor(3) as clients:
        waited = clients.map(lambda name: client.execute("crowd", {"log": str(log), "name": name}).text, "abc")
        assert list(waited) == ["a", "b", "c"]
    assert {client.finished(job_id)["status"] for job_id in jobs} == {"successful"}
    changes = [int(line.split()[1]) for line in sorted(log.read_text().splitlines(), key=lambda x: float(x.split()[0]))]
    running = [sum(changes[: index + 1]) for index in range(len(changes))]
    assert max(running) == 2


def test_jobs_that_wait_for_others_to_end_keep_no_worker_from_its_work(client: Client, tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    jobs = [client.submit("crowd", {"log": log, "name": str(number)}) for number in range(8)]
    assert client.execute("echo", {"message": "between"}, response="document").status_code == 200
    assert "accepted" in {client.status(job_id)["status"] for job_id in jobs}
    dismissed = next(job_id for job_id in jobs[::-1] if client.status(job_id)["status"] == "accepted")
    client.delete(f"/jobs/{dismissed}")
    ends = {job_id: client.finished(job_id)["status"] for job_id in jobs}
    assert ends == {job_id: "dismissed" if job_id == dismissed else "successful" for job_id in jobs}
