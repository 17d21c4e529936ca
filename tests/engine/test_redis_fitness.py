"""A Redis that comes later than API and workers, or is unfit to hold jobs while they run."""

import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from serving import Client, OwnValkey, Part, own_valkey, shared_environment, wait_until

from fastprocesses_server.jobs.connection import connect

REASON = "it may evict jobs: its maxmemory-policy is allkeys-lru; remedy: CONFIG SET maxmemory-policy noeviction"


class Parts:
    """An API and workers, and a Valkey of their own."""

    def __init__(self, valkey: OwnValkey, processes: Path, folder: Path, stack: ExitStack) -> None:
        self.valkey = valkey
        self.folder = folder
        self.stack = stack
        self.environment = shared_environment(valkey.url, processes, folder)
        url = f"http://127.0.0.1:{self.environment['FP_PORT']}"
        self.client = stack.enter_context(Client(base_url=url, timeout=30))

    def start(self, command: str) -> Part:
        part = Part(command, folder=self.folder, environment=self.environment)
        part.start()
        self.stack.callback(part.stop)
        return part

    def is_ready(self) -> bool:
        try:
            return self.client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def set_policy(self, policy: str) -> None:
        with connect(self.valkey.url) as redis:
            redis.config_set("maxmemory-policy", policy)

    def refused(self) -> bool:
        """Whether new jobs are refused for the reason, of both modes."""
        answers = [self.client.execute("echo", {"message": "x"}, prefer) for prefer in ("", "respond-async")]
        return all(
            answer.status_code == 503 and REASON in answer.json()["detail"] and answer.headers["retry-after"]
            for answer in answers
        )


@pytest.fixture
def parts(published: Path, tmp_path: Path) -> Iterator[Parts]:
    with ExitStack() as stack:
        valkey = stack.enter_context(own_valkey(tmp_path))
        yield Parts(valkey, published, tmp_path, stack)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_waits_for_redis_ends_when_it_is_told_to(parts: Parts, number: signal.Signals) -> None:
    parts.valkey.kill()
    worker = parts.start("worker")
    wait_until(lambda: re.search(r"the Redis of the jobs is away.*: this worker waits for it", worker.log()), 60)
    assert worker.process
    worker.process.send_signal(number)
    assert worker.process.wait(10) == 0
    assert "Traceback" not in worker.log()
    assert worker.log().count("waits for it") == 1


def test_a_redis_that_comes_later_is_judged_then(parts: Parts) -> None:
    parts.valkey.kill()
    api, worker = parts.start("serve"), parts.start("worker")
    wait_until(lambda: "API ready" in api.log(), 60, api.log)
    wait_until(lambda: "waits for it" in worker.log(), 60, worker.log)
    assert parts.client.get("/processes").status_code == 200
    assert parts.client.execute("echo", {"message": "x"}, "respond-async").status_code == 503
    parts.valkey.start("maxmemory-policy allkeys-lru\n")
    wait_until(parts.refused, 20, api.log)
    assert worker.process
    assert worker.process.wait(20) == 1
    assert f"the Redis of the jobs is unfit: {REASON}" in worker.log()
    assert "Traceback" not in worker.log()
    parts.set_policy("noeviction")
    parts.start("worker")
    wait_until(parts.is_ready, 60, api.log)
    assert parts.client.execute("simple_process", {"input_text": "well"}).text == "WELL"


def test_a_redis_that_becomes_unfit_gets_no_new_jobs_and_ends_those_it_has(parts: Parts) -> None:
    api, worker = parts.start("serve"), parts.start("worker")
    wait_until(parts.is_ready, 60, api.log)
    job_id = parts.client.submit("sleep", {"seconds": 4})
    parts.set_policy("allkeys-lru")
    wait_until(parts.refused, 20, api.log)
    assert parts.client.get("/health/ready").json()["reasons"] == [f"the job store is unfit: {REASON}"]
    assert api.log().count("is unfit, no new jobs are taken") == 1
    assert parts.client.finished(job_id)["status"] == "successful"
    assert parts.client.get(f"/jobs/{job_id}/results").json() == 4
    parts.set_policy("noeviction")
    wait_until(lambda: parts.client.execute("echo", {"message": "x"}, "respond-async").status_code == 201)
    wait_until(lambda: "the Redis of the jobs is fit again" in api.log(), explain=api.log)
    assert "ERROR" not in worker.log()
