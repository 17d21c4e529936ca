"""The keeper, with jobs in a real store and a process that stands in for the child that runs them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from serving import wait_until
from upper import create_job, make_process, make_registry

from fastprocesses_server.errors import StartError
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.leases import Leases, Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.settings import Settings
from fastprocesses_server.worker.capture import Capture
from fastprocesses_server.worker.family import Growth
from fastprocesses_server.worker.keeper import Keeper, is_alive
from fastprocesses_server.worker.pulse import Pulse
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

    def claim(self, job_id: str, left: int = 0) -> None:
        """By the child."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "getpid", lambda: self.child)
            assert self.leases.claim(job_id, left)

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


def test_the_pulse_of_a_worker_goes_on_while_redis_is_away(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "pulse"
    bench.keeper.pulse = Pulse(file)
    bench.keeper.start()
    wait_until(file.exists)
    bench.leases.redis.connection_pool.reset()
    bench.leases.redis.connection_pool.connection_kwargs["path"] = str(tmp_path / "nowhere")
    file.unlink()
    wait_until(file.exists)
    bench.keeper.stopping.set()
    bench.keeper.join()


def test_an_earlier_pulse_is_gone_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "pulse").touch()
    Pulse(tmp_path / "pulse").clear()
    assert not (tmp_path / "pulse").exists()
    with pytest.raises(StartError, match=r"FP_WORKER_PULSE.*cannot be written"):
        Pulse(tmp_path / "nowhere" / "pulse").clear()


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


def test_what_earlier_jobs_left_in_a_process_does_not_count(bench: Bench) -> None:
    bench.create("a", memoryLimit="1KiB")
    bench.claim("a", left=1 << 30)
    bench.keeper.round()
    watch_memory(bench.keeper)
    assert bench.status("a") == "running"
    assert is_alive(bench.child)


def test_the_growth_of_a_process_is_seen() -> None:
    growth = Growth()
    before = growth.bytes
    kept = b"x" * (64 << 20)
    assert growth.bytes - before >= len(kept) // 2


def test_so_is_that_of_what_it_has_started() -> None:
    growth = Growth()
    before = growth.bytes
    code = f"kept = b'x' * ({64 << 20}); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        assert growth.bytes - before >= 64 << 20
        child.communicate(b"\n")
    assert growth.bytes - before < 64 << 20


def test_a_clock_that_jumps_fails_no_job(bench: Bench) -> None:
    bench.create("a", timeLimit={"soft": "10min", "hard": "15min"})
    bench.claim("a")
    bench.keeper.round()
    bench.leases.redis.hincrby("fp:job:a", "started", -3_600_000)
    bench.keeper.round()
    assert bench.status("a") == "running"
    assert is_alive(bench.child)


class Outages:
    """Has each of a number of calls of a transition fail: before it is made, or once it is."""

    def __init__(self, bench: Bench, name: str, calls: int, *, is_made: bool = False) -> None:
        self.transitions, self.name, self.calls, self.is_made = bench.leases.transitions, name, calls, is_made
        self.real = self.transitions[name]
        self.transitions[name] = self

    def __call__(self, **options: Any) -> Any:
        self.calls -= 1
        if self.is_made or self.calls < 0:
            answer = self.real(**options)
        if self.calls < 0:
            return answer
        raise redis.ConnectionError("away")


def test_a_worker_that_leaves_gives_back_and_ends_what_runs(bench: Bench) -> None:
    bench.create("a")
    bench.claim("a")
    bench.keeper.leave()
    assert bench.status("a") == "accepted"
    wait_until(lambda: not is_alive(bench.child))


def test_a_call_that_fails_does_not_end_the_time_of_grace(bench: Bench) -> None:
    bench.create("a")
    bench.claim("a")
    bench.keeper.round()
    Outages(bench, "beat", 1)
    start = time.monotonic()
    bench.keeper.leave()
    assert time.monotonic() - start >= bench.keeper.grace
    assert bench.status("a") == "accepted"
    assert not is_alive(bench.child)


@pytest.mark.parametrize("is_made", [True, False])
def test_what_runs_ends_even_where_it_cannot_be_given_back(bench: Bench, is_made: bool) -> None:
    bench.create("a")
    bench.claim("a")
    bench.keeper.round()
    Outages(bench, "give_back", 1, is_made=is_made)
    with pytest.raises(redis.ConnectionError):
        bench.keeper.leave()
    wait_until(lambda: not is_alive(bench.child))


def test_a_job_that_nobody_heard_of_ends_with_its_worker(bench: Bench) -> None:
    bench.create("a")
    bench.claim("a")
    bench.keeper.grace = 0
    Outages(bench, "give_back", 1, is_made=True)
    real = bench.leases.transitions["give_back"]

    def twice(**options: Any) -> Any:
        with suppress(redis.ConnectionError):
            real(**options)
        return real(**options)

    bench.leases.transitions["give_back"] = twice  # as the client of Redis does
    bench.keeper.leave()
    wait_until(lambda: not is_alive(bench.child))
