"""How many jobs of one client there may be at once, and how many may wait: the store decides, whoever comes at once."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from bench import Bench
from upper import make_process

from fastprocesses_server.errors import Problem, QueueIsFull, TooManyJobs
from fastprocesses_server.execution.idempotency import Idempotency
from fastprocesses_server.execution.request import Execution, RequestReader
from fastprocesses_server.jobs.connection import connect_async
from fastprocesses_server.jobs.leases import Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.jobs.store import Created, JobStore, until_there_is_room
from fastprocesses_server.settings import Settings

EXECUTION = RequestReader(make_process()).read({"inputs": {}})


def create(bench: Bench, settings: Settings, *executions: Execution, **options: Any) -> list[str]:
    """What becomes of executions that come at once, by several stores as by several API processes."""

    async def one(store: JobStore, job_id: str, execution: Execution) -> str:
        try:
            created: Created = await store.create(job_id, execution, is_public=True, **options)
        except Problem as problem:
            return type(problem).__name__
        return created.creation

    async def all_of_them() -> list[str]:
        clients = [connect_async(bench.url) for _ in range(3)]
        stores = [JobStore(client, settings) for client in clients]
        try:
            begun = bench.redis.dbsize()
            tasks = [one(stores[n % 3], f"{begun}-{n}", execution) for n, execution in enumerate(executions)]
            return await asyncio.gather(*tasks)
        finally:
            for client in clients:
                await client.aclose()

    return asyncio.run(all_of_them())


def test_a_client_has_no_more_jobs_than_it_may_whoever_is_asked(bench: Bench) -> None:
    several = [replace(EXECUTION, client=f"client {n % 2}") for n in range(60)]
    done = create(bench, Settings(max_jobs_per_client=7), *several)
    assert Counter(done) == {"new": 14, "TooManyJobs": 46}
    assert bench.redis.zcard("fp:jobs") == 14


def test_a_queue_takes_no_more_jobs_than_may_wait_whoever_is_asked(bench: Bench) -> None:
    done = create(bench, Settings(max_queue=20), *[EXECUTION] * 60)
    assert Counter(done) == {"new": 20, "QueueIsFull": 40}
    assert len(bench.queue()) == 20
    bench.one.claim(bench.queue()[-1])
    assert Counter(create(bench, Settings(max_queue=20), *[EXECUTION] * 3)) == {"new": 1, "QueueIsFull": 2}


def test_jobs_that_wait_for_others_of_their_process_count_as_well(bench: Bench) -> None:
    limited = RequestReader(make_process(run={"concurrency": 1})).read({"inputs": {}})
    settings = Settings(max_queue=3)
    assert create(bench, settings, *[limited] * 3) == ["new"] * 3
    first, *others = reversed(bench.queue())
    assert bench.one.claim(first)
    for job_id in others:
        assert bench.worker(job_id).claim(job_id) is None
    bench.redis.delete("default")
    assert Counter(create(bench, settings, limited, limited)) == {"new": 1, "QueueIsFull": 1}
    assert bench.one.commit(first, 1, Outcome(Status.SUCCESSFUL, b"{}"))
    assert create(bench, settings, limited) == ["QueueIsFull"]
    assert bench.redis.scard("fp:parked-from:default") == 1


@pytest.mark.parametrize("end", ["commit", "fail", "dismiss", "dismiss while it waits", "lose"])
def test_a_job_counts_until_it_ends_in_whatever_way(bench: Bench, end: str) -> None:
    settings, mine = Settings(max_jobs_per_client=1), replace(EXECUTION, client="me")
    assert create(bench, settings, mine) == ["new"]
    (job_id,) = bench.queue()
    if end != "dismiss while it waits":
        assert bench.one.claim(job_id)
    assert create(bench, settings, mine) == ["TooManyJobs"]
    match end:
        case "commit":
            assert bench.one.commit(job_id, 1, Outcome(Status.SUCCESSFUL, b"{}"))
        case "fail":
            assert bench.one.commit(job_id, 1, Outcome(Status.FAILED, b"{}"))
        case "lose":
            bench.redis.hset(f"fp:job:{job_id}", "attempts", 1)
            bench.end_pauses()
            bench.end_pauses()
            assert bench.read(job_id).status == Status.FAILED
        case _:
            bench.ask("dismiss", job_id)
    assert create(bench, settings, mine) == ["new"]


def test_what_needs_no_worker_of_its_own_is_always_taken(bench: Bench) -> None:
    settings = Settings(max_queue=1, max_jobs_per_client=2)
    once = replace(EXECUTION, client="me", idempotency=Idempotency("name", "body"))
    assert create(bench, settings, once, key="k") == ["new"]
    assert create(bench, settings, once, key="k") == ["known"]
    assert create(bench, settings, replace(EXECUTION, client="me"), key="k") == ["joined"]
    assert create(bench, settings, replace(EXECUTION, client="me"), key="k") == ["TooManyJobs"]
    assert create(bench, settings, once, key="k") == ["known"]
    assert create(bench, settings, replace(EXECUTION, client="other"), key="other") == ["QueueIsFull"]
    for _ in range(3):
        bench.ask("create_finished", f"hit {bench.redis.dbsize()}", replace(once, idempotency=None), [], is_public=True)


def test_a_full_queue_says_when_there_may_be_room() -> None:
    assert [until_there_is_room(seconds) for seconds in (0, 49, 100, 3600, 10**6)] == [5, 5, 10, 360, 600]
    assert QueueIsFull("", 10).headers() == {"Retry-After": "10"}
    assert TooManyJobs("").document("/")["violated-policies"] == ["jobs"]
