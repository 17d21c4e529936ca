"""What is logged of jobs: one line for each change, also of those that have joined another."""

import asyncio

from bench import Bench, engine_of
from upper import make_process, make_registry

from fastprocesses_server.errors import SyncTimeout
from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.engine import Submitted
from fastprocesses_server.jobs.leases import Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.settings import Settings

EXECUTION = RequestReader(make_process(results={"cache": "1h"})).read({"inputs": {}})


def test_a_job_that_joins_another_is_accepted_with_its_id(bench: Bench, said: list[str]) -> None:
    async def scene() -> list[str]:
        async with engine_of(bench) as engine:
            jobs = [await engine.submit(EXECUTION) for _ in range(2)]
            waited = await engine.run(EXECUTION, 0.1)
            assert isinstance(waited, Submitted)
            return [submitted.job.id for submitted in (*jobs, waited)]

    first, second, third = asyncio.run(scene())
    assert said == [
        f"job {first} accepted: upper 1.0.0",
        f"job {second} accepted: upper 1.0.0, joined to job {first}",
        f"job {third} accepted, its client waits: upper, joined to job {first}",
    ]


def test_those_that_a_job_serves_are_successful_with_it(bench: Bench, said: list[str]) -> None:
    for job_id in "abc":
        bench.create(job_id, key="k")
    assert bench.one.claim("a")
    assert bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert said == [f"job {other} successful with job a, which it had joined" for other in "bc"]


def test_those_whose_job_fits_no_worker_fail_with_it(bench: Bench, said: list[str]) -> None:
    for job_id in "abc":
        bench.create(job_id, key="k")
    old = bench.worker("old", make_registry(make_process(version="0.9.0", fingerprint="g")))
    for status in (Status.ACCEPTED, Status.FAILED):
        claim = old.claim("a")
        assert claim
        assert old.decline(claim.job, "waits", b"{}") == status
        bench.redis.hincrby("fp:job:a", "unfit_since", -600_000)
        bench.end_pauses()
    assert {bench.read(job_id).status for job_id in "abc"} == {Status.FAILED}
    assert said == [f"job {other} failed with job a, which it had joined" for other in "bc"]


def test_one_that_takes_over_waits_for_no_other_job(bench: Bench) -> None:
    for job_id in "ab":
        bench.create(job_id, key="k")
    assert bench.read("b").message == "waits for the outputs of an equal job"
    bench.ask("dismiss", "a")
    assert bench.read("b").message is None
    claim = bench.one.claim("b")
    assert claim
    assert claim.job.joined == "a"


def test_a_run_that_took_too_long_is_dismissed_unless_others_have_joined_it(bench: Bench, said: list[str]) -> None:
    async def scene() -> None:
        async with engine_of(bench, Settings(sync_execution_timeout_seconds=0.2)) as engine:
            alone, joint = RequestReader(make_process()).read({"inputs": {}}), EXECUTION
            joined = asyncio.create_task(engine.run(joint, None))
            await asyncio.sleep(0.1)
            await engine.submit(joint)
            ends = await asyncio.gather(joined, engine.run(alone, None), return_exceptions=True)
            assert [type(end) for end in ends] == [SyncTimeout, SyncTimeout]

    bench.one.beat()
    asyncio.run(scene())
    dismissed = [line for line in said if "dismissed" in line]
    assert [line.endswith("dismissed: nobody waits for it") for line in dismissed] == [True]
