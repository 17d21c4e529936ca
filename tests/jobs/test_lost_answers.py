"""Transitions that are called again because their answer was lost say the same again."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest
import redis
from bench import Bench
from upper import make_process

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs import leases
from fastprocesses_server.jobs.connection import connect_async
from fastprocesses_server.jobs.leases import Leases, Outcome
from fastprocesses_server.jobs.record import Job, Status
from fastprocesses_server.jobs.store import Created, Creation, JobStore
from fastprocesses_server.settings import Settings

PID = os.getpid()


def retry(worker: Leases, job: Job) -> Status | None:
    return worker.retry(job, 0, "again", b"{}")


def retry_later(worker: Leases, job: Job) -> Status | None:
    return worker.retry(job, 60, "again", b"{}")


def decline(worker: Leases, job: Job) -> Status | None:
    return worker.decline(job, "waits", b"{}")


def unheard(worker: Leases, name: str, between: Callable[[], object]) -> None:
    """The first answer of a transition is lost, and something happens before it is called again."""
    transition, calls = worker.transitions[name], 0

    def lossy(**arguments: Any) -> Any:
        nonlocal calls
        answer, calls = transition(**arguments), calls + 1
        if calls == 1:
            between()
            raise redis.ConnectionError("the answer was lost")
        return answer

    worker.transitions[name] = lossy


@pytest.mark.parametrize("what", [retry, retry_later, decline])
@pytest.mark.parametrize("meanwhile", ["nothing", "claimed by another", "dismissed"])
def test_an_attempt_that_is_over_is_told_so_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, what: Callable[[Leases, Job], Status | None], meanwhile: str
) -> None:
    def between() -> None:
        if meanwhile == "claimed by another":
            bench.end_pauses()
            assert bench.two.claim("a")
        elif meanwhile == "dismissed":
            bench.ask("dismiss", "a")

    monkeypatch.setattr(leases.time, "sleep", lambda _: None)  # type: ignore[attr-defined] # imported there
    bench.one.beat()
    bench.create(attempts=3)
    claim = bench.one.claim("a")
    assert claim
    unheard(bench.one, what.__name__.removesuffix("_later"), between)
    assert what(bench.one, claim.job) == Status.ACCEPTED
    assert bench.read().status == {"nothing": "accepted", "claimed by another": "running"}.get(meanwhile, meanwhile)


def test_a_repeated_retry_leaves_the_next_attempt_of_its_worker_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases.time, "sleep", lambda _: None)  # type: ignore[attr-defined]
    bench.one.beat()
    bench.create(attempts=3)
    claim = bench.one.claim("a")
    assert claim
    unheard(bench.one, "decline", lambda: (bench.end_pauses(), bench.one.claim("a")))
    assert decline(bench.one, claim.job) == Status.ACCEPTED
    assert bench.read().status == Status.RUNNING


def test_the_last_attempt_fails_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases.time, "sleep", lambda _: None)  # type: ignore[attr-defined]
    bench.create(attempts=1)
    claim = bench.one.claim("a")
    assert claim
    unheard(bench.one, "retry", lambda: None)
    assert retry(bench.one, claim.job) == Status.FAILED


def twice(worker: Leases, name: str, between: Callable[[], object] = lambda: None) -> None:
    """Every call of a transition is repeated, as the client of Redis does it when a connection ends too early."""
    transition = worker.transitions[name]

    def repeated(**arguments: Any) -> Any:
        transition(**arguments)
        between()
        return transition(**arguments)

    worker.transitions[name] = repeated


@pytest.mark.parametrize(("attempts", "status"), [(2, Status.ACCEPTED), (1, Status.FAILED)])
def test_a_process_that_died_is_told_of_again(bench: Bench, attempts: int, status: Status) -> None:
    bench.create(attempts=attempts)
    assert bench.one.claim("a")
    twice(bench.one, "gone")
    assert bench.one.gone("a", PID) == status
    assert bench.read().status == status
    assert bench.one.gone("a", PID) is None


def test_a_repeated_report_of_a_death_leaves_the_next_attempt_alone(bench: Bench) -> None:
    bench.create()
    assert bench.one.claim("a")
    twice(bench.one, "gone", between=lambda: bench.one.claim("a"))  # by a process that got the same id
    assert bench.one.gone("a", PID) == Status.ACCEPTED
    assert (bench.read().status, bench.read().attempt) == (Status.RUNNING, 2)


def test_a_job_over_a_limit_is_told_of_again(bench: Bench) -> None:
    bench.create()
    assert bench.one.claim("a")
    held = bench.one.beat()[0]
    twice(bench.one, "overrun")
    assert bench.one.overrun(held, {"detail": "over"})
    assert not bench.one.overrun(held, {"detail": "over"})
    assert bench.read().status == Status.FAILED


@pytest.mark.parametrize("meanwhile", ["nothing", "successful", "removed"])
def test_a_new_job_is_told_of_again(bench: Bench, meanwhile: str) -> None:
    def between() -> None:
        if meanwhile != "nothing":
            assert bench.one.claim("a")
            assert bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
        if meanwhile == "removed":
            assert bench.ask("remove", "a")

    first = create(bench, "a")
    between()
    assert create(bench, "a") == first == Created(Creation.NEW, "a")
    assert len(bench.queue()) == 1


def test_a_joined_job_is_told_of_again(bench: Bench) -> None:
    create(bench, "a", key="k")
    expected = Created(Creation.JOINED, "b", "a")
    assert create(bench, "b", key="k") == expected
    assert bench.one.claim("a")
    assert bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert create(bench, "b", key="k") == expected


def test_a_commit_says_again_whom_it_served(bench: Bench, said: list[str]) -> None:
    for job_id in "abc":
        bench.create(job_id, key="k")
    assert bench.one.claim("a")
    twice(bench.one, "commit")
    assert bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert said == [f"job {other} successful with job a, which it had joined" for other in "bc"]


def create(bench: Bench, job_id: str, key: str | None = None) -> Created:
    execution = RequestReader(make_process()).read({"inputs": {}})
    created: Created = bench.ask("create", job_id, execution, is_public=True, key=key)
    return created


def test_a_dismissal_says_what_it_dismissed(bench: Bench) -> None:
    bench.create()
    execution = RequestReader(make_process()).read({"inputs": {}})

    async def scene() -> tuple[Status | None, Status | None]:
        client = connect_async(bench.url)
        store = JobStore(client, Settings())
        await store.create("b", execution, is_public=True)
        script, send, calls = store.transitions["dismiss"], client.evalsha, 0

        async def again(*arguments: Any) -> Any:
            """As the client does it when a connection ends before the answer."""
            nonlocal calls
            await send(*arguments)
            calls += 1
            return await send(*arguments)

        await script(args=["nope", 0, "warm", ""])  # so that Redis knows it
        client.evalsha = again  # type: ignore[method-assign]
        answers = await store.dismiss("a"), await store.dismiss("a")
        await client.aclose()
        assert calls == 2
        return answers

    assert asyncio.run(scene()) == (Status.ACCEPTED, Status.DISMISSED)
