"""The keeper, with jobs in a real store and a process that stands in for the child that runs them."""

import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from serving import wait_until
from upper import create_job, make_process, make_registry

from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.leases import Leases, Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.settings import Settings
from fastprocesses_server.worker.capture import Capture
from fastprocesses_server.worker.keeper import Keeper, is_alive
from fastprocesses_server.worker.scribe import Scribe


class Bench:
    """A keeper that does only what a test asks for, and a child of this process."""

    def __init__(self, url: str, child: int) -> None:
        self.url = url
        self.child = child
        self.leases = Leases(connect(url), Settings(), make_registry(), "one", ("default",))
        self.capture = Capture()
        self.keeper = Keeper(self.leases, Scribe(self.capture, self.leases), grace=0.3)

    def create(self, job_id: str, **run: Any) -> None:
        create_job(self.url, job_id, make_process(run=run))

    def claim(self, job_id: str) -> None:
        """By the child."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "getpid", lambda: self.child)
            assert self.leases.claim(job_id)

    def succeed(self, job_id: str) -> None:
        assert self.leases.commit(job_id, 1, Outcome(Status.SUCCESSFUL, b"[]"))

    def status(self, job_id: str) -> str:
        status: Any = self.leases.redis.hget(f"fp:job:{job_id}", "status")
        return str(status.decode())


@pytest.fixture
def child() -> Iterator[int]:
    process = subprocess.Popen(["sleep", "300"], start_new_session=True)
    yield process.pid
    process.kill()
    process.wait(10)


@pytest.fixture
def bench(redis_url: str, child: int) -> Iterator[Bench]:
    bench = Bench(redis_url, child)
    yield bench
    bench.capture.ear.close()
    bench.capture.mouth.close()


def watch_memory(keeper: Keeper) -> None:
    keeper._watch_memory(time.monotonic() + 0.3)


def test_a_job_over_its_memory_limit_is_killed(bench: Bench) -> None:
    bench.create("a", memoryLimit="1KiB")
    bench.claim("a")
    bench.keeper.round()
    watch_memory(bench.keeper)
    assert bench.status("a") == "failed"
    wait_until(lambda: not is_alive(bench.child))


def test_a_job_is_not_killed_for_the_limit_of_the_one_before(bench: Bench) -> None:
    bench.create("a", memoryLimit="1KiB")
    bench.create("b")
    bench.claim("a")
    bench.keeper.round()
    bench.succeed("a")
    bench.claim("b")
    watch_memory(bench.keeper)
    assert is_alive(bench.child)
    assert bench.status("b") == "running"
