"""Where accepted jobs wait, and how they leave."""

import os

from bench import Bench
from upper import make_process, make_registry

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.record import Status

PID = os.getpid()


def test_the_time_that_no_worker_fits_begins_anew_after_a_run(bench: Bench) -> None:
    old = bench.worker("old", make_registry(make_process(version="0.9.0", fingerprint="g")))
    old.beat()
    bench.create()
    for fitting in (bench.one, bench.two):
        fitting.beat()
        claim = old.claim("a")
        assert claim
        assert old.decline(claim.job, "waits", b"{}") == "accepted"
        bench.redis.hincrby("fp:job:a", "unfit_since", -600_000)
        bench.end_pauses()
        assert fitting.claim("a")
        assert fitting.give_back() == [("a", PID, Status.ACCEPTED)]


def test_a_job_that_had_no_place_moves_no_other(bench: Bench) -> None:
    for job_id in ("a", "b"):
        bench.create(job_id, concurrency=1)
    assert bench.one.claim("a")
    assert bench.two.claim("b") is None
    bench.redis.delete("default")
    execution = RequestReader(make_process(run={"concurrency": 1})).read({"inputs": {}})
    bench.ask("create_finished", "hit", execution, [], is_public=True)
    assert bench.queue() == []
