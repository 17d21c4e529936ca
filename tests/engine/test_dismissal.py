"""Dismissal ends whatever a job has started, and tells the callable first."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from serving import Client, is_running, wait_until


def written(path: Path) -> list[str]:
    wait_until(lambda: path.exists() and path.read_text().strip())
    return path.read_text().split()


@pytest.mark.parametrize("process", ["stubborn", "detach"])
def test_all_processes_of_a_dismissed_job_end(
    client: Client, tmp_path: Path, figure: Callable[..., None], process: str
) -> None:
    job_id = client.submit(process, {"pids": str(tmp_path / "pids")})
    pids = written(tmp_path / "pids")
    assert len(pids) == 2
    start = time.monotonic()
    client.delete(f"/jobs/{job_id}")
    wait_until(lambda: not any(map(is_running, pids)), 10)
    figure(f"dismissal of {process}: all its processes gone", time.monotonic() - start, "s", 3)
    assert client.status(job_id)["status"] == "dismissed"


def test_what_a_crashed_job_has_detached_ends_too(client: Client, tmp_path: Path) -> None:
    job_id = client.submit("detach", {"pids": str(tmp_path / "pids"), "how": "crash"})
    pids = written(tmp_path / "pids")
    assert client.finished(job_id)["status"] == "failed"
    wait_until(lambda: not any(map(is_running, pids)), 10)


def test_the_callable_is_told_before_it_is_killed(client: Client, tmp_path: Path) -> None:
    told = tmp_path / "told"
    job_id = client.submit("farewell", {"told": str(told)})
    assert written(told) == ["running"]
    client.delete(f"/jobs/{job_id}")
    wait_until(lambda: told.read_text() == "cancelled", 10)
    assert client.status(job_id)["status"] == "dismissed"


def test_a_job_that_was_never_started_never_is(client: Client, tmp_path: Path) -> None:
    jobs = [client.submit("tally", {"counter": str(tmp_path / str(number))}) for number in range(12)]
    before = {job_id: client.delete(f"/jobs/{job_id}").json()["status"] for job_id in jobs}
    assert set(before.values()) == {"dismissed"}
    assert client.execute("tally", {"counter": str(tmp_path / "after")}).json() == 1
    for job_id in jobs:
        assert client.get(f"/jobs/{job_id}").status_code in (200, 410)
