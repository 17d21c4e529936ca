"""The transitions of a job's life, against a real Valkey."""

import os

import orjson
import pytest
from bench import Bench
from serving import wait_until
from upper import make_process

from fastprocesses_server.errors import Unavailable
from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.cache import Entry
from fastprocesses_server.jobs.leases import Held, Outcome, Verdict
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.jobs.selection import Selection, Window

PID = os.getpid()


def test_a_new_job_is_accepted_listed_and_queued(bench: Bench) -> None:
    bench.create()
    assert bench.read().status == Status.ACCEPTED
    assert [job.id for job in bench.ask("page", Selection(), Window(10)).jobs] == ["a"]
    assert bench.queue() == ["a"]


def test_a_job_is_created_once(bench: Bench) -> None:
    bench.create()
    bench.create()
    assert bench.queue() == ["a"]


def test_a_run_that_is_waited_for_needs_a_worker(bench: Bench) -> None:
    with pytest.raises(Unavailable):
        bench.create(is_public=False, reply_to="reply")
    bench.one.beat()
    bench.create(is_public=False, reply_to="reply")
    assert bench.queue() == ["a"]
    assert not bench.ask("page", Selection(), Window(10)).jobs


def test_one_worker_gets_a_job(bench: Bench) -> None:
    bench.create()
    claim = bench.one.claim("a")
    assert claim
    assert claim.job.status == Status.RUNNING
    assert claim.job.attempt == 1
    assert orjson.loads(claim.request)["inputs"] == {"text": "x"}
    assert bench.two.claim("a") is None
    assert bench.one.claim("unknown") is None


def test_a_claim_whose_answer_was_lost_is_answered_again(bench: Bench) -> None:
    bench.create()
    first, again = bench.one.claim("a"), bench.one.claim("a")
    assert first
    assert again
    assert again.job.attempt == first.job.attempt == 1


def test_status_and_results_come_in_one_step(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    assert bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    job = bench.read()
    assert (job.status, job.progress) == (Status.SUCCESSFUL, 100)
    assert job.finished
    assert bench.ask("manifest", "a") == b"[]"
    assert bench.one.beat() == []


def test_so_does_the_entry_of_the_cache_but_not_that_of_an_attempt_that_is_over(bench: Bench) -> None:
    for job_id in "ab":
        bench.create(job_id)
        assert bench.one.claim(job_id)
        if job_id == "b":
            bench.ask("dismiss", job_id)
        entry = Entry(job_id, b"kept", 60_000)
        bench.one.commit(job_id, 1, Outcome(Status.SUCCESSFUL, b"[]", entry=entry))
    assert [bench.redis.get(f"fp:cache:{job_id}") for job_id in "ab"] == [b"kept", None]
    assert 50_000 < bench.redis.pttl("fp:cache:a") <= 60_000


@pytest.mark.parametrize("milliseconds", [0, 2**63])
def test_an_entry_that_cannot_be_kept_keeps_no_job_from_its_end(bench: Bench, milliseconds: int) -> None:
    bench.create(key="k")
    bench.create("b", key="k")
    assert bench.one.claim("a")
    entry = Entry("k", b"kept", milliseconds)
    assert bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]", entry=entry))
    assert {bench.read(job_id).status for job_id in "ab"} == {Status.SUCCESSFUL}
    assert not bench.redis.exists("fp:cache:k")


def test_a_repeated_commit_is_known_and_another_is_fenced(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    assert bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert not bench.one.commit("a", 1, Outcome(Status.FAILED, b"{}"))
    assert not bench.two.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[1]"))
    assert not bench.one.commit("a", 2, Outcome(Status.SUCCESSFUL, b"[1]"))
    assert bench.ask("manifest", "a") == b"[]"


def test_a_finished_job_never_changes(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    before = bench.read()
    assert not bench.one.progress(before, 50, "late")
    assert bench.one.gone("a", PID) is None
    assert bench.ask("dismiss", "a") == Status.SUCCESSFUL
    assert bench.one.claim("a") is None
    bench.ask("reap")
    assert bench.read() == before


def test_a_dismissed_job_is_not_claimed_and_not_committed(bench: Bench) -> None:
    bench.create("waiting")
    assert bench.ask("dismiss", "waiting") == Status.ACCEPTED
    assert bench.one.claim("waiting") is None

    bench.create("running")
    bench.one.claim("running")
    assert bench.ask("dismiss", "running") == Status.RUNNING
    assert [held.verdict for held in bench.one.beat()] == [Verdict.KILL]
    assert not bench.one.commit("running", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert bench.read("running").status == Status.DISMISSED
    assert bench.ask("dismiss", "nope") is None


def test_a_job_whose_process_died_goes_to_the_head_of_the_queue(bench: Bench) -> None:
    bench.create("a")
    bench.redis.delete("default")
    bench.one.claim("a")
    bench.create("b")
    bench.create("c")
    assert bench.one.gone("a", PID) == Status.ACCEPTED
    assert bench.queue()[-1] == "a"  # workers take from the right
    again = bench.two.claim("a")
    assert again
    assert again.job.attempt == 2


def test_a_death_of_another_process_leaves_a_job_alone(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    assert bench.two.gone("a", PID) is None  # on another machine
    assert bench.one.gone("a", PID + 1) is None
    assert bench.read().status == Status.RUNNING
    assert [held.verdict for held in bench.one.beat()] == [Verdict.RUN]


def test_attempts_are_counted(bench: Bench) -> None:
    bench.create(attempts=2)
    for expected in (Status.ACCEPTED, Status.FAILED):
        bench.one.claim("a")
        assert bench.one.gone("a", PID) == expected
    problem = bench.read().problem
    assert problem
    assert "attempt 2 of 2" in problem["detail"]


def test_work_that_is_given_back_costs_no_attempt(bench: Bench) -> None:
    bench.create(attempts=2)
    bench.one.claim("a")
    assert bench.one.give_back() == [("a", PID, Status.ACCEPTED)]
    claim = bench.two.claim("a")
    assert claim
    assert claim.job.attempt == 1
    assert not bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))


def test_a_job_that_must_not_run_twice_is_not_given_back(bench: Bench) -> None:
    bench.create(attempts=1)
    bench.one.claim("a")
    assert bench.one.give_back() == [("a", PID, Status.FAILED)]
    assert bench.read().status == Status.FAILED
    assert bench.two.claim("a") is None


def test_a_process_that_claims_again_gave_up_what_it_claimed_before(bench: Bench) -> None:
    bench.create("unheard")
    bench.create("next")
    bench.one.claim("unheard")
    bench.one.claim("next")
    assert bench.read("unheard").status == Status.ACCEPTED
    assert [held.job_id for held in bench.one.beat()] == ["next"]


def test_every_process_that_runs_a_job_is_seen(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.create()
    bench.one.claim("a")
    for _ in range(2):
        bench.redis.zadd("fp:due", {"a": 0})
        bench.two.reap()
    monkeypatch.setattr(os, "getpid", lambda: PID + 1)
    assert bench.one.claim("a")
    assert {held.pid: held.verdict for held in bench.one.beat()} == {PID: Verdict.KILL, PID + 1: Verdict.RUN}


def test_a_silent_worker_loses_its_job_at_the_second_look(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    bench.redis.zadd("fp:due", {"a": 0})
    assert bench.two.reap() == []
    bench.redis.zadd("fp:due", {"a": 0})
    assert bench.two.reap() == [("a", Status.ACCEPTED)]


def test_a_heartbeat_clears_the_suspicion(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    bench.redis.zadd("fp:due", {"a": 0})
    bench.two.reap()
    assert [held.verdict for held in bench.one.beat()] == [Verdict.RUN]
    bench.redis.zadd("fp:due", {"a": 0})
    assert bench.two.reap() == []


def test_each_attempt_is_suspected_anew(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    bench.end_pauses()
    assert bench.one.gone("a", PID) == Status.ACCEPTED
    bench.one.claim("a")
    bench.redis.zadd("fp:due", {"a": 0})
    assert bench.two.reap() == []


def test_a_lost_message_is_sent_again_at_the_second_look(bench: Bench) -> None:
    bench.create("a")
    bench.create("b")
    bench.two.reap()
    assert bench.queue() == ["b", "a"]
    bench.redis.rpop("default")
    bench.two.reap()
    assert bench.queue() == ["b"]
    bench.redis.hset("fp:job:a", "missed", 0)
    bench.two.reap()
    assert bench.queue() == ["b", "a"]
    bench.redis.rpop("default")
    bench.two.reap()
    assert bench.queue() == ["b"]  # it may be on its way


def test_limits_are_told_by_the_heartbeat(bench: Bench) -> None:
    bench.create(timeLimit={"soft": "200ms", "hard": "400ms"}, memoryLimit="2KiB")
    bench.one.claim("a")
    assert wait_until(lambda: bench.one.beat()[0].elapsed > 0.4, 10)
    held = bench.one.beat()[0]
    assert (held.verdict, held.soft_limit, held.hard_limit, held.memory_limit) == (Verdict.RUN, 0.2, 0.4, 2048)
    assert bench.one.overrun(held, {"detail": "over"})
    assert bench.read().status == Status.FAILED
    assert bench.one.beat()[0].verdict == Verdict.KILL
    assert not bench.one.commit("a", 1, Outcome(Status.FAILED, b"{}"))


def test_progress_goes_forward_only(bench: Bench) -> None:
    bench.create()
    claim = bench.one.claim("a")
    assert claim
    for percent in (30, 20):
        assert bench.one.progress(claim.job, percent, f"at {percent}")
    job = bench.read()
    assert (job.progress, job.message) == (30, "at 20")


def test_a_new_attempt_has_said_nothing_yet(bench: Bench) -> None:
    bench.create()
    for expected in (1, 2):
        claim = bench.one.claim("a")
        assert claim
        assert (claim.job.attempt, claim.job.message, claim.job.progress) == (expected, None, 0)
        assert bench.one.progress(claim.job, 30, "at 30")
        assert bench.one.retry(claim.job, 0, "again", b"{}") == Status.ACCEPTED
        assert bench.read().message == "again"
        assert bench.one.beat() == []


def test_an_attempt_that_is_over_changes_nothing(bench: Bench) -> None:
    bench.create()
    first = bench.one.claim("a")
    assert first
    assert bench.one.retry(first.job, 0, "again", b"{}") == Status.ACCEPTED
    assert bench.one.claim("a")
    before = bench.record()
    assert not bench.one.progress(first.job, 50, "late")
    assert bench.one.retry(first.job, 0, "late", b"{}") is None
    assert bench.one.decline(first.job, "late", b"{}") is None
    assert not bench.one.overrun(Held("a", PID, 1, Verdict.HARD, 0, 0), {"detail": "late"})
    assert bench.record() == before


def test_the_end_of_a_job_is_told_once_to_who_waits(bench: Bench) -> None:
    bench.one.beat()
    bench.create(is_public=False, reply_to="fp:reply:x")
    bench.one.claim("a")
    for _ in range(2):
        assert bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert bench.redis.lrange("fp:reply:x", 0, -1) == [b"a successful []"]
    assert bench.redis.pttl("fp:job:a") <= 600_000


def test_a_removed_job_leaves_a_mark(bench: Bench) -> None:
    bench.create()
    assert not bench.ask("remove", "a")
    bench.one.claim("a")
    bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert bench.ask("remove", "a")
    assert bench.ask("read", "a") is None
    assert bench.ask("maker_of_gone", "a") == ""
    assert not bench.ask("page", Selection(), Window(10)).jobs


def test_expired_jobs_leave_the_list_and_a_mark(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert bench.redis.pttl("fp:job:a") > 29 * 86_400_000
    bench.redis.delete("fp:job:a")
    bench.redis.zadd("fp:expiry", {"a successful upper": 0})
    bench.two.reap()
    assert bench.redis.zcard("fp:jobs") == 0
    assert bench.ask("maker_of_gone", "a") == ""


def test_the_mark_of_a_job_tells_whose_it_was(bench: Bench) -> None:
    for job_id in ("a", "b"):
        bench.create(job_id, maker="user:Ada Lovelace")
        bench.one.claim(job_id)
        bench.one.commit(job_id, 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert bench.read().maker == "user:Ada Lovelace"
    assert bench.ask("remove", "a")
    bench.redis.delete("fp:job:b")
    bench.redis.zadd("fp:expiry", {"b successful upper user:Ada Lovelace": 0})
    bench.two.reap()
    assert [bench.ask("maker_of_gone", job_id) for job_id in "abc"] == ["user:Ada Lovelace"] * 2 + [None]
    assert not bench.redis.keys("fp:jobs*")


def test_a_sync_run_becomes_a_public_job(bench: Bench) -> None:
    bench.one.beat()
    bench.create(is_public=False, reply_to="fp:reply:x")
    execution = RequestReader(make_process()).read({"inputs": {"text": "x"}})
    assert bench.ask("reveal", "a", execution)
    assert [job.id for job in bench.ask("page", Selection(), Window(10)).jobs] == ["a"]
    bench.one.claim("a")
    bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert bench.redis.exists("fp:reply:x") == 0
    assert bench.redis.pttl("fp:job:a") > 29 * 86_400_000
    assert not bench.ask("reveal", "nope", execution)


def test_nothing_of_a_finished_job_is_left_to_be_done(bench: Bench) -> None:
    for job_id in ("a", "b", "c"):
        bench.create(job_id)
    bench.one.claim("a")
    bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    bench.one.claim("b")
    bench.one.commit("b", 1, Outcome(Status.FAILED, b'{"detail": "x"}'))
    bench.ask("dismiss", "c")
    assert bench.redis.zcard("fp:due") == 0
    assert bench.redis.scard("fp:waiting:default") == 0
    assert bench.redis.exists("fp:worker:one") == 0


def test_the_oldest_parked_job_follows_one_that_ends(bench: Bench) -> None:
    for job_id in ("a", "b", "c"):
        bench.create(job_id, concurrency=1)
    assert bench.one.claim("a")
    assert bench.two.claim("b") is None
    assert bench.two.claim("c") is None
    bench.redis.delete("default")
    bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert bench.queue() == ["b"]
    bench.redis.delete("default")
    bench.ask("dismiss", "b")
    assert bench.queue() == ["c"]
    assert bench.two.claim("c")
