"""A worker that is told to stop gives its work back within its grace time; that of a killed one is taken over."""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from serving import Client, Part, is_running, shared_environment, wait_until

from fastprocesses_server.jobs.connection import connect


class Parts(NamedTuple):
    """A worker that runs, another one, their API and a client of it."""

    first: Part
    second: Part
    api: Part
    client: Client


@pytest.fixture(scope="module")
def api(valkey: str, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    folder = tmp_path_factory.mktemp("leaving")
    environment = {**shared_environment(valkey, published, folder), "FP_WORKER_GRACE_SECONDS": "1"}
    api = Part("serve", folder=folder, environment=environment)
    yield api
    assert api.stop() == 0


@pytest.fixture
def parts(api: Part, redis_url: str, tmp_path: Path) -> Iterator[Parts]:
    first, second = (Part("worker", folder=tmp_path, environment=api.environment) for _ in range(2))
    url = f"http://127.0.0.1:{api.environment['FP_PORT']}"
    with ExitStack() as stack, Client(base_url=url, timeout=30) as client:
        if not api.process or api.process.poll() is not None:
            api.start()
        for worker in (first, second):
            stack.callback(worker.stop)
        first.start()
        wait_until(lambda: "ready" in first.log(), 60, first.log)
        wait_until(lambda: is_ready(client), 60, api.log)
        yield Parts(first, second, api, client)


def is_ready(client: Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def test_the_callable_is_told_and_another_worker_starts_again(parts: Parts, tmp_path: Path) -> None:
    first, second, _, client = parts
    told = tmp_path / "told"
    job_id = client.submit("farewell", {"told": str(told)})
    client.when(job_id, "running")
    wait_until(told.exists)
    assert first.stop() == 0
    assert told.read_text() == "cancelled"
    assert client.status(job_id)["status"] == "accepted"
    assert f"job {job_id} accepted: this worker gives it back" in first.log()
    second.start()
    client.when(job_id, "running")
    wait_until(lambda: "attempt 1 [request_id=" in second.log(), explain=second.log)
    client.delete(f"/jobs/{job_id}")


@pytest.mark.parametrize(("number", "at_most"), [(signal.SIGTERM, 10), (signal.SIGKILL, 30)])
def test_a_job_whose_worker_ends_soon_runs_on_another(
    parts: Parts, tmp_path: Path, figure: Callable[..., None], number: signal.Signals, at_most: float
) -> None:
    first, second, _, client = parts
    told = tmp_path / "told"
    job_id = client.submit("farewell", {"told": str(told)})
    wait_until(told.exists)
    second.start()
    wait_until(lambda: "ready" in second.log(), 60, second.log)
    start = time.monotonic()
    assert first.process
    first.process.send_signal(number)
    wait_until(lambda: f"job {job_id} running" in second.log(), 60, second.log)
    figure(f"{number.name} of a worker: its job runs on another", time.monotonic() - start, "s", at_most)
    client.delete(f"/jobs/{job_id}")


def test_a_client_that_waits_is_told_when_the_api_stops(parts: Parts, tmp_path: Path) -> None:
    told = tmp_path / "told"
    with ThreadPoolExecutor(1) as clients:
        waiting = clients.submit(parts.client.execute, "farewell", {"told": str(told)})
        wait_until(told.exists)
        assert parts.api.stop() == 0
        response = waiting.result()
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert "retry-after" in response.headers
    wait_until(lambda: told.read_text() == "cancelled")


def test_no_process_of_a_job_outlives_its_worker(parts: Parts, tmp_path: Path) -> None:
    first, _, _, client = parts
    pids = tmp_path / "pids"
    client.submit("stubborn", {"pids": str(pids)})
    wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    assert first.stop() == 0
    assert not any(map(is_running, pids.read_text().split()))


def test_what_a_job_has_left_running_ends_with_the_process_that_ran_it(parts: Parts, tmp_path: Path) -> None:
    first, _, _, client = parts
    pids = tmp_path / "pids"
    assert client.execute("detach", {"pids": str(pids), "how": "returns"}).text == "done"
    child, left = pids.read_text().split()
    assert client.execute("tally", {"counter": str(tmp_path / "runs")}).json() == 1
    assert is_running(left)
    assert first.stop() == 0
    assert not is_running(child)
    assert not is_running(left)


def test_pools_that_a_callable_keeps_serve_its_next_run_and_end_with_the_worker(parts: Parts) -> None:
    first, _, _, client = parts
    kept: list[str] = []
    for method in ("fork", "spawn", "forkserver"):
        pids = {client.execute("pooled", {"method": method}).text for _ in range(3)}
        assert len(pids) == 1
        kept += pids
    assert len(set(kept)) == 3
    assert all(map(is_running, kept))
    assert first.stop() == 0
    assert not any(map(is_running, kept))


@pytest.mark.parametrize("where", ["here", "child"])
def test_what_jobs_leave_in_memory_fails_no_other_until_their_process_is_replaced(parts: Parts, where: str) -> None:
    pids = [parts.client.execute("hoard", {"mebibytes": 200, "where": where}).json() for _ in range(3)]
    assert pids[0] == pids[1] != pids[2]
    wait_until(lambda: "a process for jobs is replaced: they have left 4" in parts.first.log())


def test_a_job_whose_request_is_gone_fails_instead_of_running_on(parts: Parts, redis_url: str, tmp_path: Path) -> None:
    first, second, _, client = parts
    assert first.stop() == 0
    job_id = client.submit("tally", {"counter": str(tmp_path / "runs")})
    with connect(redis_url) as redis:
        redis.delete(f"fp:job:{job_id}:request")
    second.start()
    assert client.finished(job_id)["status"] == "failed"
