"""Executions whose outputs are in the result cache, which is beside the jobs or somewhere else."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench import Bench, accepted, engine_of, work
from upper import make_process

from fastprocesses_server.execution.idempotency import Idempotency
from fastprocesses_server.execution.media_type import Kind
from fastprocesses_server.execution.outputs import EncodedOutput, StoredOutput
from fastprocesses_server.execution.request import Execution, RequestReader
from fastprocesses_server.jobs import cache
from fastprocesses_server.jobs.cache import LONGEST, Met, ResultCache
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.engine import CacheUse, Finished, Submitted
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.jobs.results import ResultStore
from fastprocesses_server.jobs.store import JobStore
from fastprocesses_server.settings import Settings

PLACES: dict[str, tuple[Callable[[str], Settings], bool]] = {
    "somewhere else": (lambda _: Settings(), False),
    "beside the jobs": (lambda url: Settings(redis_url=url), False),
    "beside the jobs, and likely": (lambda url: Settings(redis_url=url), True),
}
"""Where the cache is, and whether this API process has met the key before."""


class Swept(ResultStore):
    """The files of the cache go between the look at them and their use."""

    def link(self, outputs: Iterable[StoredOutput], owner: Path) -> list[StoredOutput]:
        for output in outputs:
            (self.folder / str(output.file)).unlink()
        return super().link(outputs, owner)


class Gone(ResultStore):
    """They are not there any more when the entry is looked at."""

    def holds(self, outputs: Iterable[StoredOutput]) -> bool:  # noqa: ARG002 - as it is called
        return False


def cached(bench: Bench) -> Execution:
    """One whose outputs another API process has had kept."""
    execution = RequestReader(make_process(results={"cache": "1h"})).read({"inputs": {}})
    results = ResultStore(Path("results"))
    stored = results.write("old", "1", [EncodedOutput("result", "text/plain", Kind.TEXT, b"x" * 100_000)])
    assert execution.key
    entry = ResultCache(Settings(redis_url=bench.url), results).put(stored, key=execution.key, owner="old", seconds=60)
    assert entry
    bench.redis.set(f"fp:cache:{entry.key}", entry.manifest)
    return execution


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, bench: Bench) -> tuple[Settings, bool]:
    bench.one.beat()
    settings, is_likely = PLACES[request.param]
    return settings(bench.url), is_likely


def outcome(
    bench: Bench, place: tuple[Settings, bool], execution: Execution, *, is_async: bool, files: type[ResultStore]
) -> object:
    """Of an engine; a run that it starts comes to its end."""
    settings, is_likely = place

    async def scene() -> object:
        async with engine_of(bench, settings) as engine:
            engine.results = files(engine.results.folder)
            if is_likely and execution.key:
                engine.met.add(execution.key)
            if is_async:
                return await engine.submit(execution)
            run = asyncio.create_task(engine.run(execution, None))
            if files is not ResultStore:
                work(bench, await accepted(bench))
            return await asyncio.wait_for(run, 5)

    return asyncio.run(scene())


@pytest.mark.parametrize("is_async", [True, False])
def test_outputs_that_another_process_had_kept_are_found(
    bench: Bench, place: tuple[Settings, bool], is_async: bool
) -> None:
    found = outcome(bench, place, cached(bench), is_async=is_async, files=ResultStore)
    assert isinstance(found, Submitted if is_async else Finished)
    assert found.cache == CacheUse.HIT
    assert bench.queue() == []
    if isinstance(found, Submitted):
        assert found.job.status == Status.SUCCESSFUL


@pytest.mark.parametrize("files", [Swept, Gone])
@pytest.mark.parametrize("is_async", [True, False])
def test_outputs_whose_files_are_gone_are_a_miss(
    bench: Bench, place: tuple[Settings, bool], is_async: bool, files: type[ResultStore]
) -> None:
    execution = replace(cached(bench), idempotency=Idempotency("name", "body"))
    found = outcome(bench, place, execution, is_async=is_async, files=files)
    assert isinstance(found, Submitted if is_async else Finished)
    assert found.cache == CacheUse.MISS
    if isinstance(found, Submitted):
        assert found.job.status == Status.ACCEPTED


def test_who_wants_a_run_of_its_own_gets_one(bench: Bench) -> None:
    bench.one.beat()
    execution = replace(cached(bench), is_forced=True)
    place = Settings(redis_url=bench.url), False
    found = outcome(bench, place, execution, is_async=True, files=ResultStore)
    assert isinstance(found, Submitted)
    assert (found.cache, found.job.status) == (CacheUse.FORCED, Status.ACCEPTED)


def test_a_cache_somewhere_else_gets_the_entry_at_once(bench: Bench, redis_url: str) -> None:
    results = ResultStore(Path("results"))
    elsewhere = ResultCache(Settings(), results)
    elsewhere.client = connect(redis_url)
    assert elsewhere.put([], key="k", owner="o", seconds=60) is None
    assert bench.redis.get("fp:cache:k") == b"[]"


@pytest.mark.parametrize("seconds", [0.000_1, 1e300])
def test_any_time_to_keep_outputs_is_one_that_redis_knows(seconds: float) -> None:
    beside = ResultCache(Settings(redis_url="redis://localhost"), ResultStore(Path("results")))
    entry = beside.put([], key="k", owner="o", seconds=seconds)
    assert entry
    assert 1 <= entry.milliseconds <= LONGEST


@pytest.mark.parametrize(("is_likely", "asked"), [(True, ["get"]), (False, ["create"])])
def test_where_outputs_are_likely_a_look_is_enough(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, is_likely: bool, asked: list[str]
) -> None:
    bench.one.beat()
    execution, questions = cached(bench), list[str]()
    create, get = JobStore.create, cache.get

    async def creating(store: JobStore, *arguments: Any, **options: Any) -> Any:
        questions.append("create")
        return await create(store, *arguments, **options)

    async def getting(*arguments: Any) -> Any:
        questions.append("get")
        return await get(*arguments)

    monkeypatch.setattr(JobStore, "create", creating)
    monkeypatch.setattr(cache, "get", getting)
    place = Settings(redis_url=bench.url), is_likely
    found = outcome(bench, place, execution, is_async=False, files=ResultStore)
    assert isinstance(found, Finished)
    assert (found.cache, questions) == (CacheUse.HIT, asked)


def test_outputs_that_are_cached_are_found_while_the_store_takes_no_jobs(bench: Bench) -> None:
    async def scene() -> Any:
        async with engine_of(bench, Settings(redis_url=bench.url)) as engine:
            engine.store.faults = ["it may evict jobs"]
            return await engine.run(execution, None)

    execution = cached(bench)
    assert asyncio.run(scene()).cache == CacheUse.HIT


def test_a_client_that_goes_before_outputs_are_found_leaves_no_trace(bench: Bench, said: list[str]) -> None:
    async def scene() -> None:
        async with engine_of(bench, Settings(redis_url=bench.url)) as engine:
            run = asyncio.create_task(engine.run(execution, None))
            await asyncio.sleep(0)
            run.cancel()
            await asyncio.wait({run})

    execution = cached(bench)
    asyncio.run(scene())
    assert said == []


def test_the_keys_that_were_met_longest_ago_are_forgotten_first() -> None:
    met = Met(most=2)
    for key in "abac":
        met.add(key)
    assert [key in met for key in "abc"] == [True, False, True]
