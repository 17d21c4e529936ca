"""The step that ends a job may give its process the next one of the queue."""

import os
from collections.abc import Callable
from typing import Any

import pytest
import redis
from bench import Bench

from fastprocesses_server.jobs import leases
from fastprocesses_server.jobs.leases import Claim, Leases, Outcome
from fastprocesses_server.jobs.record import Status

DONE = Outcome(Status.SUCCESSFUL, b"[]")


@pytest.fixture
def running(bench: Bench) -> Bench:
    """The job `a` runs, and its message is gone; `b` and `c` wait."""
    for job_id in "abc":
        bench.create(job_id)
    assert bench.redis.rpop("default")
    assert bench.one.claim("a")
    return bench


def go_on(worker: Leases, job_id: str = "a") -> str | bool:
    """The next job, after one that is successful; otherwise whether that could be told."""
    answer = worker.commit(job_id, 1, DONE, left=7)
    assert not isinstance(answer, set)
    return answer.job.id if isinstance(answer, Claim) else answer


def waiting(bench: Bench) -> list[str]:
    found: Any = bench.redis.zrange("fp:waiting:default", 0, -1)
    return [name.decode() for name in found]


def test_jobs_follow_in_the_order_of_the_queue_until_it_is_empty(running: Bench) -> None:
    assert [go_on(running.one, job_id) for job_id in "abc"] == ["b", "c", True]
    assert {running.read(job_id).status for job_id in "abc"} == {Status.SUCCESSFUL}


def test_the_next_job_is_claimed_like_any_other(running: Bench) -> None:
    answer = running.one.commit("a", 1, DONE, left=7)
    assert isinstance(answer, Claim)
    assert (answer.job.status, answer.job.attempt, answer.soft_limit) == (Status.RUNNING, 1, 600)
    assert b'"text":"x"' in answer.request
    [held] = running.one.beat()
    assert (held.job_id, held.pid, held.left) == ("b", os.getpid(), 7)


def test_its_message_goes_and_no_other_is_sent_in_its_place(running: Bench) -> None:
    go_on(running.one)
    assert running.queue() == waiting(running) == ["c"]
    running.two.reap()
    assert not {"missed"} & (running.record("b").keys() | running.record("c").keys())
    assert running.queue() == ["c"]


def test_who_does_not_ask_gets_none(running: Bench) -> None:
    assert running.one.commit("a", 1, DONE) is True
    assert running.queue() == ["c", "b"]


def test_a_failed_job_is_followed_as_well(running: Bench) -> None:
    answer = running.one.commit("a", 1, Outcome(Status.FAILED, b"{}"), left=0)
    assert isinstance(answer, Claim)


def test_messages_for_which_there_is_nothing_to_do_are_left_out(running: Bench) -> None:
    running.ask("dismiss", "b")
    assert go_on(running.one) == "c"


def test_after_many_of_these_celery_goes_on(running: Bench) -> None:
    dismissed = [f"d{number}" for number in range(12)]
    for job_id in dismissed:
        running.create(job_id)
        running.ask("dismiss", job_id)
    assert [go_on(running.one, job_id) for job_id in "abc"] == ["b", "c", True]
    assert running.queue() == ["d11", "d10"]


def test_a_process_with_limited_concurrency_frees_its_own_place(bench: Bench) -> None:
    for job_id in "abc":
        bench.create(job_id, concurrency=1)
    bench.redis.rpop("default")
    assert bench.one.claim("a")
    assert bench.two.claim("b") is None
    assert go_on(bench.one) == "b"
    assert (bench.read("b").status, bench.read("c").status) == (Status.RUNNING, Status.ACCEPTED)


def test_what_may_not_run_yet_is_parked_on_the_way(bench: Bench) -> None:
    bench.create("a")
    bench.redis.rpop("default")
    assert bench.one.claim("a")
    for job_id in "bcd":
        bench.create(job_id, concurrency=1)
    assert bench.two.claim("b")
    assert go_on(bench.one) is True
    assert bench.queue() == []
    assert bench.two.commit("b", 1, DONE)
    assert bench.queue() == ["c"]


def test_who_has_lost_its_job_gets_none(running: Bench) -> None:
    running.ask("dismiss", "a")
    assert go_on(running.one) is False
    assert running.queue() == ["c", "b"]


def test_who_runs_another_job_hears_nothing_of_it_in_the_place_of_a_next_one(running: Bench) -> None:
    running.ask("dismiss", "a")
    assert running.one.claim("b")
    assert go_on(running.one) is False
    assert running.queue() == ["c", "b"]


def test_a_worker_that_has_left_gets_none(running: Bench) -> None:
    running.redis.set("fp:left:one", "[]")
    assert go_on(running.one) is True
    assert running.queue() == ["c", "b"]


def test_messages_are_taken_as_celery_takes_them(running: Bench) -> None:
    messages = [running.two.await_message(0.01) for _ in "bcd"]
    assert [message and message.job_id for message in messages] == ["b", "c", None]
    assert running.two.await_message(0) is None


def test_one_that_is_put_back_is_the_next(running: Bench) -> None:
    message = running.two.await_message(0.01)
    assert message
    running.two.put_back(message)
    assert running.two.await_message(0.01) == message


MEANWHILE: dict[str, tuple[Callable[[Bench], object], str | bool, str]] = {
    "nothing": (lambda _: None, "b", "running"),
    "the job before was removed": (lambda bench: bench.ask("remove", "a"), "b", "running"),
    "it was dismissed": (lambda bench: bench.ask("dismiss", "b"), True, "dismissed"),
    "it was given back": (lambda bench: bench.one.give_back(), True, "accepted"),
    "its lease ended": (lambda bench: [bench.end_pauses() for _ in range(2)], True, "accepted"),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_a_process_that_heard_no_answer_hears_of_the_same_job(
    running: Bench, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    happens, expected, status = MEANWHILE[meanwhile]
    commit, calls = running.one.transitions["commit"], 0

    def lossy(**arguments: Any) -> Any:
        nonlocal calls
        answer, calls = commit(**arguments), calls + 1
        if calls == 1:
            happens(running)
            raise redis.ConnectionError("the answer was lost")
        return answer

    monkeypatch.setattr(leases.time, "sleep", lambda _: None)  # type: ignore[attr-defined] # imported there
    monkeypatch.setitem(running.one.transitions, "commit", lossy)
    assert go_on(running.one) == expected
    assert running.read("b").status == status
    assert running.read("b").attempt == (0 if "given back" in meanwhile else 1)
    assert running.read("c").status == Status.ACCEPTED
