"""Two that want the same job at the same moment: one of them gets it, and the other is told."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from upper import make_process, make_registry

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.connection import connect, connect_async
from fastprocesses_server.jobs.leases import Leases, Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.jobs.store import JobStore
from fastprocesses_server.settings import Settings

EXECUTION = RequestReader(make_process()).read({"inputs": {}})


def create(url: str, names: list[str]) -> None:
    async def all_of_them() -> None:
        client = connect_async(url)
        store = JobStore(client, Settings())
        for name in names:
            await store.create(name, EXECUTION, is_public=True)
        await client.aclose()

    asyncio.run(all_of_them())


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What each returns, called from threads that start together."""
    barrier, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def call(number: int) -> None:
        barrier.wait()
        answers[number] = calls[number]()  # type: ignore[call-overload]

    threads = [threading.Thread(target=call, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def workers(redis_url: str) -> tuple[Leases, Leases]:
    one, two = (
        Leases(connect(redis_url), Settings(), make_registry(), owner, ("default",)) for owner in ("one", "two")
    )
    return one, two


def test_of_a_commit_and_a_dismissal_one_wins(
    redis_url: str, workers: tuple[Leases, Leases], figure: Callable[..., None]
) -> None:
    names = [str(number) for number in range(200)]
    create(redis_url, names)
    dismiss, wins = workers[1].transitions["dismiss"], Counter[str]()
    for name in names:
        assert workers[0].claim(name)
        committed, before = at_once(
            lambda name=name: workers[0].commit(name, 1, Outcome(Status.SUCCESSFUL, b"[]")),  # type: ignore[misc]
            lambda name=name: dismiss(args=[name, 0, name, ""]),  # type: ignore[misc]
        )
        status = workers[0].redis.hget(f"fp:job:{name}", "status")
        assert (committed, before, status) in ((True, b"successful", b"successful"), (False, b"running", b"dismissed"))
        wins["commit" if committed else "dismissal"] += 1
    assert sum(wins.values()) == 200
    assert workers[0].redis.zcard("fp:due") == 0
    for winner in ("commit", "dismissal"):
        figure(f"200 races of commit and dismissal: won by the {winner}", wins[winner])


def test_of_two_workers_one_gets_the_job(redis_url: str, workers: tuple[Leases, Leases]) -> None:
    names = [str(number) for number in range(100)]
    create(redis_url, names)
    for name in names:
        claims = at_once(*(lambda worker=worker, name=name: worker.claim(name) for worker in workers))  # type: ignore[misc]
        assert sum(claim is not None for claim in claims) == 1


def test_a_child_that_is_missed_and_its_commit_do_not_both_count(
    redis_url: str, workers: tuple[Leases, Leases]
) -> None:
    names = [str(number) for number in range(100)]
    create(redis_url, names)
    for name in names:
        claim = workers[0].claim(name)
        assert claim
        pid = int(workers[0].redis.hget(f"fp:job:{name}", "pid") or 0)
        committed, lost = at_once(
            lambda name=name: workers[0].commit(name, 1, Outcome(Status.SUCCESSFUL, b"[]")),  # type: ignore[misc]
            lambda name=name, pid=pid: Leases(  # type: ignore[misc]
                connect(redis_url), Settings(), make_registry(), "one"
            ).gone(name, pid),
        )
        status = workers[0].redis.hget(f"fp:job:{name}", "status")
        assert (committed, lost, status) in ((True, None, b"successful"), (False, Status.ACCEPTED, b"accepted"))
