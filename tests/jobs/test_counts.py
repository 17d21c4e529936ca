"""What is counted, by transitions and by API processes."""

import asyncio
import os
import time

import pytest
from bench import Bench, engine_of
from upper import make_process

from fastprocesses_server.errors import Unavailable
from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.connection import connect_async
from fastprocesses_server.jobs.counts import HTTP_BOUNDS, JOB_BOUNDS, Measures, Tally, Times
from fastprocesses_server.jobs.engine import CacheUse
from fastprocesses_server.jobs.leases import Held, Outcome, Verdict
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.jobs.store import JobStore
from fastprocesses_server.settings import Settings

UPPER = ("upper",)
DONE = Outcome(Status.SUCCESSFUL, b"[]")
SILENCE = 60_000


def measure(bench: Bench, *queues: str) -> Measures:
    measures: Measures = bench.ask("measure", queues)
    return measures


def setbacks(bench: Bench) -> dict[str, int]:
    return {cause: number for (cause, _), number in measure(bench).of("setback")}


def pretend_ago(bench: Bench, job_id: str, field: str, milliseconds: int) -> None:
    """A moment of a record was so long before."""
    bench.redis.hincrby(f"fp:job:{job_id}", field, -milliseconds)


def test_a_life_is_counted_step_by_step(bench: Bench) -> None:
    bench.create("a")
    bench.create("b")
    assert measure(bench).unfinished() == {UPPER: (2, 0)}
    bench.one.claim("a")
    assert measure(bench).unfinished() == {UPPER: (1, 1)}
    bench.one.commit("a", 1, DONE)
    bench.ask("dismiss", "b")
    measures = measure(bench)
    assert measures.unfinished() == {UPPER: (0, 0)}
    assert dict(measures.of("created")) == {UPPER: 2}
    assert dict(measures.of("ended")) == {("successful", "upper"): 1, ("dismissed", "upper"): 1}


def test_a_removed_job_stays_counted(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    bench.one.commit("a", 1, DONE)
    before = measure(bench).counts
    assert bench.ask("remove", "a")
    assert measure(bench).counts == before


def test_waiting_and_running_are_timed(bench: Bench) -> None:
    bench.create()
    pretend_ago(bench, "a", "updated", 8_000_000)
    bench.one.claim("a")
    pretend_ago(bench, "a", "started", 20_000)
    bench.one.commit("a", 1, DONE)
    [wait], [run] = measure(bench).waits().values(), measure(bench).runs().values()
    assert 8_000 <= wait.total < 8_100
    assert 20 <= run.total < 60
    assert [bound for bound, number in wait.buckets if not number] == [str(ms / 1000) for ms in JOB_BOUNDS]
    assert run.buckets[-1] == ("+Inf", 1)


def test_a_wait_begins_anew_with_each_attempt(bench: Bench) -> None:
    bench.create()
    pretend_ago(bench, "a", "updated", 2_000_000)
    claim = bench.one.claim("a")
    assert claim
    bench.one.retry(claim.job, 0, "again", b"{}")
    bench.one.claim("a")
    [wait] = measure(bench).waits().values()
    assert wait.number == 2
    assert wait.total < 2_100


def test_a_claim_whose_answer_was_lost_is_one_start(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    bench.one.claim("a")
    assert measure(bench).waits()[UPPER].number == 1


def test_outputs_of_another_run_are_no_run(bench: Bench) -> None:
    for job_id in ("a", "b"):
        bench.create(job_id, key="k")
    bench.one.claim("a")
    bench.one.commit("a", 1, DONE)
    measures = measure(bench)
    assert dict(measures.of("ended")) == {("successful", "upper"): 2}
    assert measures.runs()[UPPER].number == measures.waits()[UPPER].number == 1


def test_what_comes_between_is_counted_by_its_cause(bench: Bench) -> None:
    bench.create(attempts=9, retryOn=["ValueError"])
    for cause in ("retried", "unfit", "process_died", "worker_stopped", "over_limit"):
        claim = bench.one.claim("a")
        assert claim
        match cause:
            case "retried":
                bench.one.retry(claim.job, 0, "again", b"{}")
            case "unfit":
                bench.one.decline(claim.job, "waits", b"{}")
                bench.end_pauses()
            case "process_died":
                bench.one.gone("a", os.getpid())
            case "worker_stopped":
                bench.one.give_back()
                bench.redis.delete("fp:left:one")
            case _:
                bench.one.overrun(Held("a", os.getpid(), claim.job.attempt, Verdict.HARD, 0, 0), {"detail": "over"})
        assert setbacks(bench)[cause] == 1
    assert measure(bench).unfinished() == {UPPER: (0, 0)}


def silence(bench: Bench, owner: str) -> None:
    """Nothing was heard of it for a minute, and nothing will be until the second look."""
    for queue in ("default", "heavy"):
        if bench.redis.zscore(f"fp:workers:{queue}", owner) is not None:
            bench.redis.zincrby(f"fp:workers:{queue}", -SILENCE, owner)


def second_look(bench: Bench, owner: str) -> None:
    bench.two.reap()
    assert bench.redis.hexists("fp:silent", owner)
    bench.redis.hincrby("fp:silent", owner, -SILENCE)
    bench.two.reap()


def lost_workers(bench: Bench) -> int:
    return dict(measure(bench).of("workers-lost")).get((), 0)


def test_a_silent_worker_is_lost_once(bench: Bench) -> None:
    bench.one.queues = ("default", "heavy")
    bench.one.beat()
    bench.two.beat()
    silence(bench, "one")
    second_look(bench, "one")
    bench.two.reap()
    assert (lost_workers(bench), measure(bench).workers) == (1, 1)
    assert not bench.redis.exists("fp:silent")


def test_a_worker_that_is_heard_again_is_not_lost(bench: Bench) -> None:
    bench.one.beat()
    silence(bench, "one")
    bench.two.reap()
    bench.one.beat()
    bench.two.reap()
    assert not bench.redis.exists("fp:silent")
    assert (lost_workers(bench), measure(bench).workers) == (0, 1)


def test_a_worker_that_leaves_is_not_lost(bench: Bench) -> None:
    bench.one.beat()
    bench.one.give_back()
    bench.one.beat()  # it was on its way
    silence(bench, "one")
    second_look(bench, "one")
    assert (lost_workers(bench), measure(bench).workers) == (0, 0)


def test_queues_are_seen_with_and_without_workers_and_jobs(bench: Bench) -> None:
    assert [(queue.name, queue.workers, queue.silence) for queue in measure(bench, "heavy").queues] == [
        ("heavy", 0, None)
    ]
    bench.one.beat()
    for job_id in ("a", "b"):
        bench.create(job_id)
    pretend_ago(bench, "a", "updated", 5_000)
    default, heavy = measure(bench, "heavy").queues
    assert (default.name, default.waiting, default.workers, heavy.waiting) == ("default", 2, 1, 0)
    assert 5 <= default.age < 60
    assert default.silence is not None
    assert heavy.age == 0


def test_versions_of_a_process_count_as_one(bench: Bench) -> None:
    execution = RequestReader(make_process().model_copy(update={"id": "upper:1.0.0"})).read({"inputs": {}})
    bench.ask("create", "a", execution, is_public=True)
    bench.one.claim("a")
    bench.one.commit("a", 1, DONE)
    measures = measure(bench)
    assert measures.unfinished() == {UPPER: (0, 0)}
    assert {process for (_, process), _ in measures.of("ended")} == {"upper"}


def test_what_the_cache_did_is_counted(bench: Bench) -> None:
    execution = RequestReader(make_process(results={"cache": "1h"})).read({"inputs": {}})

    async def submit_twice() -> Tally:
        async with engine_of(bench) as engine:
            uses = [(await engine.submit(execution)).cache for _ in range(2)]
            assert uses == [CacheUse.MISS, CacheUse.JOINED]
            return engine.store.tally

    assert asyncio.run(submit_twice()).fresh == {"cache miss upper": 1, "cache joined upper": 1}


def test_a_batch_is_told_as_it_was_until_it_is_heard() -> None:
    tally = Tally()
    assert tally.batch() is None
    tally.add("cache", "hit", "upper")
    first = tally.batch()
    tally.add("cache", "hit", "upper")
    assert first
    assert tally.batch() == first
    tally.heard("of another")
    assert tally.batch() == first
    tally.heard(first[0])
    second = tally.batch()
    assert second
    assert second != first


def test_a_batch_whose_answer_was_lost_counts_once(bench: Bench) -> None:
    async def tell() -> None:
        client = connect_async(bench.url)
        store = JobStore(client, Settings())
        store.tally.add_request("GET", "200", "/jobs/{job_id}", 0.02)
        before = store.tally.batch()
        await store.tell()
        store.tally.told = before
        await store.tell()
        await client.aclose()

    asyncio.run(tell())
    measures = measure(bench)
    assert dict(measures.of("http")) == {("GET", "200", "/jobs/{job_id}"): 1}
    [(labels, times)] = measures.requests().items()
    assert labels == ("GET", "/jobs/{job_id}")
    assert times.total == pytest.approx(0.02)
    assert [number for _, number in times.buckets] == [0, 0, *[1] * (len(HTTP_BOUNDS) - 1)]


@pytest.mark.parametrize(("seconds", "bound"), [(0, "0.005"), (0.005, "0.005"), (0.0051, "0.01"), (999, "+Inf")])
def test_a_request_is_in_the_bucket_of_its_time(seconds: float, bound: str) -> None:
    tally = Tally()
    tally.add_request("GET", "200", "/", seconds)
    counts = {tuple(name.split(" ")): number for name, number in tally.fresh.items()}
    [times] = Measures(counts, 0, []).requests().values()
    assert next(name for name, number in times.buckets if number) == bound


def test_a_histogram_is_cumulated() -> None:
    counts = {("wait", "100", "p"): 2, ("wait", "500", "p"): 1, ("wait", "inf", "p"): 1, ("wait", "sum", "p"): 1500}
    times = Measures(counts, 0, []).waits()[("p",)]
    assert times == Times(times.buckets, 1.5)
    assert [number for _, number in times.buckets] == [2, 2, *[3] * 10, 4]


def test_measuring_costs_the_same_however_many_jobs_there_were(bench: Bench) -> None:
    """As many calls of Redis's commands, none of which looks at more where there are more."""
    assert calls(bench) == calls(bench, jobs=50)


def calls(bench: Bench, jobs: int = 0) -> dict[str, int]:
    for number in range(jobs):
        bench.redis.zadd("fp:jobs", {f"old-{number}": time.time()})
        bench.redis.hset(f"fp:job:old-{number}", "status", "successful")
    bench.redis.config_resetstat()
    measure(bench, "default")
    found = bench.redis.info("commandstats")
    assert isinstance(found, dict)
    ignored = ("cmdstat_info", "cmdstat_config|resetstat", "cmdstat_client|setinfo", "cmdstat_script|load")
    return {name: stat["calls"] for name, stat in found.items() if name not in ignored}


def test_an_unfit_store_counts_no_job(bench: Bench) -> None:
    with pytest.raises(Unavailable):
        bench.create(is_public=False, reply_to="reply")
    assert not measure(bench).counts
