"""Requests that wait for a run: their clients leave and come again, and Redis is away meanwhile."""

import asyncio
from dataclasses import replace
from http import HTTPStatus
from secrets import token_hex
from typing import Any

import pytest
import redis
from bench import Bench, accepted, engine_of, work
from upper import make_process

from fastprocesses_server.api import app
from fastprocesses_server.errors import JobIsGone, Problem, ResultNotAvailable, SyncTimeout
from fastprocesses_server.execution.idempotency import Idempotency
from fastprocesses_server.execution.request import Execution, RequestReader
from fastprocesses_server.jobs import engine as engines
from fastprocesses_server.jobs.engine import Finished
from fastprocesses_server.jobs.record import Job
from fastprocesses_server.jobs.store import Created, JobStore
from fastprocesses_server.settings import Settings

KEY = Idempotency("name", "body")


def keyed() -> Execution:
    return replace(
        RequestReader(make_process()).read({"inputs": {}}), idempotency=Idempotency(token_hex(8), token_hex(8))
    )


async def hang_up(run: "asyncio.Task[Any]") -> None:
    run.cancel()
    await asyncio.wait({run})


def test_a_job_that_another_client_has_just_removed_is_gone(bench: Bench) -> None:
    async def scene() -> None:
        async with engine_of(bench) as engine:
            request = keyed()
            await engine.submit(request)
            engine.store = store = Away(engine.store.redis, engine.settings)
            store.is_removed = True
            await engine.submit(request)

    with pytest.raises(JobIsGone):
        asyncio.run(scene())


def test_a_reply_that_cannot_be_read_ends_no_listening(bench: Bench) -> None:
    async def scene() -> object:
        async with engine_of(bench) as engine:
            bench.redis.rpush(engine.replies.key, "nonsense")
            run = asyncio.create_task(engine.run(keyed(), None))
            await asyncio.sleep(0.1)
            work(bench, await accepted(bench))
            return await asyncio.wait_for(run, 4)  # before the record is looked at

    bench.one.beat()
    assert isinstance(asyncio.run(scene()), Finished)


def test_a_reaper_goes_on_after_a_fault(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with engine_of(bench) as engine:
            faults = iter([ValueError("a fault")])

            async def reap() -> list[object]:
                for fault in faults:
                    raise fault
                reaped.set()
                return []

            reaped = asyncio.Event()
            monkeypatch.setattr(engine.store, "reap", reap)
            monkeypatch.setattr(app, "BEAT_SECONDS", 0.05)
            reaping = asyncio.create_task(app._reap(engine.store))
            await asyncio.wait_for(reaped.wait(), 5)
            await hang_up(reaping)

    asyncio.run(scene())


def test_a_client_that_hangs_up_ends_its_run(bench: Bench) -> None:
    async def scene() -> str:
        async with engine_of(bench) as engine:
            run = asyncio.create_task(engine.run(replace(keyed(), idempotency=None), None))
            job_id = await accepted(bench)
            await hang_up(run)
            return bench.record(job_id)["status"]

    bench.one.beat()
    assert asyncio.run(scene()) == "dismissed"


class Slow(JobStore):
    """What it is asked to make takes as long as is wanted."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.is_asked, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def create(self, *arguments: Any, **options: Any) -> Created:
        self.is_asked.set()
        await self.may_go_on.wait()
        return await super().create(*arguments, **options)


def test_a_client_that_hangs_up_while_its_job_is_made_ends_it_too(bench: Bench) -> None:
    async def scene() -> str:
        async with engine_of(bench) as engine:
            engine.store = store = Slow(engine.store.redis, engine.settings)
            run = asyncio.create_task(engine.run(replace(keyed(), idempotency=None), None))
            await store.is_asked.wait()
            run.cancel()
            await asyncio.sleep(0)
            store.may_go_on.set()
            await asyncio.wait({run})
            return bench.record(await accepted(bench))["status"]

    bench.one.beat()
    assert asyncio.run(scene()) == "dismissed"


def test_a_client_that_comes_again_with_its_key_gets_its_outputs(bench: Bench) -> None:
    async def scene() -> tuple[str, object]:
        async with engine_of(bench) as engine:
            execution = keyed()
            run = asyncio.create_task(engine.run(execution, None))
            job_id = await accepted(bench)
            await hang_up(run)
            again = asyncio.create_task(engine.run(execution, None))
            await asyncio.sleep(0.1)
            work(bench, job_id)
            return job_id, await asyncio.wait_for(again, 5)

    bench.one.beat()
    job_id, outcome = asyncio.run(scene())
    assert isinstance(outcome, Finished)
    assert outcome.job_id == job_id


def test_a_run_that_took_too_long_starts_anew_for_a_client_that_comes_again(bench: Bench) -> None:
    async def scene() -> object:
        async with engine_of(bench, Settings(sync_execution_timeout_seconds=1)) as engine:
            execution = keyed()
            with pytest.raises(SyncTimeout):
                await engine.run(execution, None)
            await accepted(bench)
            again = asyncio.create_task(engine.run(execution, None))
            work(bench, await accepted(bench))
            return await asyncio.wait_for(again, 5)

    bench.one.beat()
    assert isinstance(asyncio.run(scene()), Finished)


def test_all_who_wait_with_a_key_hear_of_the_timeout(bench: Bench) -> None:
    async def scene() -> list[object]:
        async with engine_of(bench, Settings(sync_execution_timeout_seconds=1)) as engine:
            execution = keyed()
            first = asyncio.create_task(engine.run(execution, None))
            await accepted(bench)
            others = [asyncio.create_task(engine.run(execution, wait)) for wait in (None, 5)]
            return list(await asyncio.wait_for(asyncio.gather(first, *others, return_exceptions=True), 10))

    bench.one.beat()
    for error in asyncio.run(scene()):
        assert isinstance(error, Problem)
        assert error.status == HTTPStatus.GATEWAY_TIMEOUT


def test_who_waits_with_a_key_hears_of_a_dismissal(bench: Bench) -> None:
    async def scene() -> None:
        async with engine_of(bench) as engine:
            execution = keyed()
            first = asyncio.create_task(engine.run(execution, None))
            job_id = await accepted(bench)
            second = asyncio.create_task(engine.run(execution, None))
            await asyncio.sleep(0.1)
            await engine.store.dismiss(job_id)
            answers = await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), 10)
            assert [type(answer) for answer in answers] == [ResultNotAvailable] * 2

    bench.one.beat()
    asyncio.run(scene())


def test_who_comes_again_after_the_end_is_answered_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> object:
        async with engine_of(bench) as engine:
            execution = keyed()
            run = asyncio.create_task(engine.run(execution, None))
            work(bench, await accepted(bench))
            await run
            return await asyncio.wait_for(engine.run(execution, None), 10)

    monkeypatch.setattr(engines, "LOOK_OFTEN", 60)
    bench.one.beat()
    assert isinstance(asyncio.run(scene()), Finished)


class Away(JobStore):
    """A store whose records cannot be read at first, as while its Redis is started again."""

    failures = 0
    is_removed = False

    async def read(self, job_id: str) -> Job | None:
        if self.is_removed:
            return None
        self.failures -= 1
        if self.failures >= 0:
            raise redis.ConnectionError("is started again")
        return await super().read(job_id)


async def run_while_away(bench: Bench, failures: int) -> object:
    """What a run leads to whose reply gets lost, while the first looks at its record fail."""
    async with engine_of(bench) as engine:
        engine.store = store = Away(engine.store.redis, engine.settings)
        store.failures = failures
        run = asyncio.create_task(engine.run(keyed(), None))
        job_id = await accepted(bench)
        bench.redis.hdel(f"fp:job:{job_id}", "reply")
        work(bench, job_id)
        return await asyncio.wait_for(run, 20)


def test_a_redis_that_is_started_again_ends_no_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "LOOK_AGAIN", 0.1)
    bench.one.beat()
    assert isinstance(asyncio.run(run_while_away(bench, failures=2)), Finished)


def test_a_redis_that_stays_away_ends_a_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "LOOK_AGAIN", 0.1)
    monkeypatch.setattr(engines, "AWAY", 0.5)
    bench.one.beat()
    with pytest.raises(redis.ConnectionError):
        asyncio.run(run_while_away(bench, failures=1000))
