"""A worker that has left: what it gave back is another's, and it gets no more."""

import os

import pytest
from upper import create_job, make_process, make_registry

from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.leases import Leases, Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.settings import Settings

PID = os.getpid()
DONE = Outcome(Status.SUCCESSFUL, b"[]")


@pytest.fixture
def workers(redis_url: str) -> tuple[Leases, Leases]:
    """Two, and a job."""
    create_job(redis_url, "a", make_process(run={"attempts": 2}))
    one, two = (
        Leases(connect(redis_url), Settings(), make_registry(), owner, ("default",)) for owner in ("one", "two")
    )
    return one, two


def test_a_message_that_a_child_had_when_its_worker_left_costs_no_attempt(workers: tuple[Leases, Leases]) -> None:
    one, two = workers
    assert one.give_back() == []
    assert one.claim("a") is None
    claim = two.claim("a")
    assert claim
    assert claim.job.attempt == 1


def test_a_worker_that_has_left_leaves_no_list_of_jobs(workers: tuple[Leases, Leases]) -> None:
    one, _ = workers
    assert one.claim("a")
    assert one.redis.exists("fp:worker:one")
    one.give_back()
    assert not one.redis.exists("fp:worker:one")


def test_that_message_goes_back_to_the_queue(workers: tuple[Leases, Leases]) -> None:
    one, two = workers
    one.give_back()
    assert one.await_message(1)
    one.claim("a")
    assert two.await_message(1)
    assert two.claim("a")
    one.claim("a")
    assert two.await_message(0.01) is None


def test_a_child_commits_nothing_for_what_was_given_back(
    workers: tuple[Leases, Leases], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = workers
    assert one.claim("a")
    one.give_back()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: PID + 1)
        assert one.claim("a") is None
    assert two.claim("a")
    assert one.commit("a", 1, DONE) is False
    assert two.commit("a", 1, DONE) is True


def test_a_worker_that_heard_no_answer_is_told_again_what_it_gave_back(workers: tuple[Leases, Leases]) -> None:
    one, two = workers
    one.claim("a")
    assert one.give_back() == [("a", PID, Status.ACCEPTED)]
    two.claim("a")
    assert one.give_back() == [("a", PID, Status.ACCEPTED)]
    assert one.redis.hget("fp:job:a", "owner") == b"two"
