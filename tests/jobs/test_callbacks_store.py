"""Callbacks in the store: what is told, when it is due, and who delivers it, against a real Valkey."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from upper import ask_store, make_process, make_registry

from fastprocesses_server.execution.request import Execution, ResponseType
from fastprocesses_server.execution.subscriber import Subscriber
from fastprocesses_server.jobs.callbacks import LEASE, PAUSES, QUEUE, Callback, Callbacks, pause_after
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.leases import Claim, Leases, Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.settings import Settings

BASE = "https://here.example"
SINK = "https://sink.example"
PROCESS = make_process(run={"attempts": 1})
ALL = Subscriber(BASE, f"{SINK}/success", f"{SINK}/progress", f"{SINK}/failed")


class Bench:
    """A store, a worker's leases and its deliveries on one Valkey."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.redis = connect(url)
        self.leases = Leases(self.redis, Settings(), make_registry(PROCESS), "one", ("default",))
        self.callbacks = Callbacks(self.redis)

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        return ask_store(self.url, method, *arguments, **options)

    def start(self, job_id: str = "a", subscriber: Subscriber | None = ALL, *, is_public: bool = True) -> Claim:
        """A job that runs."""
        execution = Execution(PROCESS, {}, (), ResponseType.RAW, {}, subscriber)
        self.ask("create", job_id, execution, is_public=is_public)
        claim = self.leases.claim(job_id)
        assert claim
        return claim

    def end(self, job_id: str = "a", status: Status = Status.SUCCESSFUL, outcome: bytes = b"[]") -> None:
        assert self.leases.commit(job_id, 1, Outcome(status, outcome))

    def dispatched(self) -> list[str]:
        """Jobs whose callbacks are sent to their queue now; whoever took earlier messages is done."""
        self.redis.delete(QUEUE)
        self.leases.reap()
        messages: Any = self.redis.lrange(QUEUE, 0, -1)
        return sorted(orjson.loads(message)["headers"]["id"] for message in messages)

    def taken(self, job_id: str = "a") -> Callback:
        """The callback, whatever time it is due."""
        self.make_due(job_id)
        self.dispatched()
        callback = self.callbacks.take(job_id)
        assert callback
        return callback

    def make_due(self, job_id: str = "a") -> None:
        self.redis.zadd("fp:callback-due", {job_id: 0})
        if self.redis.exists(f"fp:callback:{job_id}"):
            self.redis.hset(f"fp:callback:{job_id}", "after", 0)

    def end_the_rest(self) -> None:
        self.redis.hset(f"fp:sink:{SINK}", "rest", 0)

    def pending(self) -> list[str]:
        pending: Any = self.redis.zrange("fp:callback-due", 0, -1)
        return [job_id.decode() for job_id in pending]


@pytest.fixture
def bench(redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bench]:
    monkeypatch.chdir(tmp_path)
    bench = Bench(redis_url)
    yield bench
    bench.redis.close()


def test_the_end_of_a_job_writes_its_callback(bench: Bench) -> None:
    bench.start()
    bench.end(outcome=b'[{"x": 1}]')
    assert bench.dispatched() == ["a"]
    callback = bench.callbacks.take("a")
    assert callback
    assert (callback.status, callback.uri, callback.answer) == ("successful", f"{SINK}/success", b'[{"x": 1}]')
    assert (callback.base, callback.tries) == (BASE, 1)
    assert orjson.loads(callback.request)["inputs"] == {}


def test_every_kind_of_end_is_told(bench: Bench) -> None:
    bench.start("failed")
    bench.end("failed", Status.FAILED, b'{"detail": "x"}')
    bench.start("dismissed")
    bench.ask("dismiss", "dismissed")
    bench.start("lost")
    pid = bench.leases.beat()[-1].pid
    bench.leases.gone("lost", pid)
    told = [bench.taken("failed")]
    bench.callbacks.settle(told[0], None, sink_answered=True)
    told += [bench.taken("dismissed"), bench.taken("lost")]
    assert [callback.status for callback in told] == ["failed", "dismissed", "failed"]
    assert {callback.uri for callback in told} == {f"{SINK}/failed"}
    assert orjson.loads(told[2].answer)["title"] == "Worker lost"


def test_outputs_that_are_known_before_the_job_starts_are_told(bench: Bench) -> None:
    execution = Execution(PROCESS, {}, (), ResponseType.RAW, {}, ALL)
    bench.ask("create_finished", "a", execution, [], is_public=True)
    assert bench.taken().status == Status.SUCCESSFUL


def test_what_was_not_subscribed_to_is_not_told(bench: Bench) -> None:
    bench.start("nobody", None)
    bench.end("nobody")
    bench.start("failure-only", Subscriber(BASE, failed_uri=SINK))
    bench.end("failure-only")
    assert bench.pending() == []


def test_the_end_replaces_what_was_not_told_of_the_progress(bench: Bench) -> None:
    bench.start()
    running = bench.taken()
    assert (running.status, running.uri) == ("running", f"{SINK}/progress")
    bench.end()
    assert not bench.callbacks.settle(running, None, sink_answered=True)
    assert bench.taken().status == Status.SUCCESSFUL
    assert bench.pending() == ["a"]


def test_progress_is_coalesced(bench: Bench) -> None:
    claim = bench.start()
    for percent in (10, 20):
        bench.leases.progress(claim.job, percent, "")
    callback = bench.taken()
    assert callback.job.progress == 20
    bench.leases.progress(claim.job, 30, "")
    bench.callbacks.settle(callback, None, sink_answered=True)
    assert bench.dispatched() == []  # not within the second
    newer = bench.taken()
    assert (newer.job.progress, newer.tries) == (30, 1)
    assert newer.event > callback.event
    bench.callbacks.settle(newer, None, sink_answered=True)
    assert bench.pending() == []


def test_one_process_takes_a_callback(bench: Bench) -> None:
    bench.start()
    bench.end()
    bench.taken()
    assert bench.callbacks.take("a") is None
    assert bench.dispatched() == []


def test_a_delivery_that_was_not_heard_of_again_is_repeated_under_its_number(bench: Bench) -> None:
    bench.start()
    bench.end()
    first = bench.taken()
    due = bench.redis.zscore("fp:callback-due", "a")
    seconds, _ = bench.redis.time()  # type: ignore[misc]
    assert seconds * 1000 < due <= (seconds + 1) * 1000 + LEASE  # type: ignore[operator]
    again = bench.taken()
    assert (again.event, again.tries) == (first.event, 2)
    assert not bench.callbacks.settle(first, None, sink_answered=True)
    assert bench.callbacks.settle(again, None, sink_answered=True)
    assert bench.pending() == []


def test_a_long_delivery_holds_its_callback(bench: Bench) -> None:
    bench.start()
    bench.end()
    callback = bench.taken()
    assert bench.callbacks.hold(callback, 1000)
    assert bench.redis.zscore("fp:callback-due", "a") > bench.redis.time()[0] * 1000 + 900_000  # type: ignore[operator, index]
    assert bench.callbacks.settle(callback, None, sink_answered=True)


def test_a_silent_sink_is_asked_for_one_job_at_a_time(bench: Bench) -> None:
    for job_id in "abc":
        bench.start(job_id)
        bench.end(job_id)
    [probe] = bench.dispatched()
    callback = bench.callbacks.take(probe)
    assert callback
    bench.callbacks.settle(callback, 1, sink_answered=False)
    for job_id in "abc":
        bench.make_due(job_id)
    assert bench.dispatched() == []
    bench.end_the_rest()
    for job_id in "abc":
        bench.make_due(job_id)
    [probe] = bench.dispatched()
    callback = bench.callbacks.take(probe)
    assert callback
    bench.callbacks.settle(callback, None, sink_answered=True)
    rest = sorted({"a", "b", "c"} - {probe})
    for job_id in rest:
        bench.make_due(job_id)
    assert bench.dispatched() == rest


def test_messages_sent_before_a_sink_fell_silent_ask_it_no_more(bench: Bench) -> None:
    bench.start("a")
    bench.end("a")
    bench.callbacks.settle(bench.taken("a"), None, sink_answered=True)
    for job_id in "bc":
        bench.start(job_id)
        bench.end(job_id)
    assert bench.dispatched() == ["b", "c"]
    callback = bench.callbacks.take("b")
    assert callback
    bench.callbacks.settle(callback, 1, sink_answered=False)
    assert bench.callbacks.take("c") is None
    assert bench.pending() == ["c", "b"]


def test_another_sink_is_not_concerned(bench: Bench) -> None:
    bench.start("a")
    bench.end("a")
    bench.callbacks.settle(bench.taken("a"), 1, sink_answered=False)
    bench.start("b", Subscriber(BASE, "https://other.example/success"))
    bench.end("b")
    assert bench.dispatched() == ["b"]


def test_there_are_never_more_messages_than_callbacks(bench: Bench) -> None:
    bench.start()
    bench.end()
    for _ in range(3):
        bench.make_due()
        bench.leases.reap()
    assert bench.redis.llen(QUEUE) == 1


def test_the_callback_of_a_removed_job_is_given_up(bench: Bench) -> None:
    bench.start()
    bench.end()
    assert bench.ask("remove", "a")
    assert bench.callbacks.take("a") is None
    bench.ask("reap")
    assert bench.pending() == []
    assert not bench.redis.exists("fp:callback:a")


def test_a_callback_is_given_up_after_a_day(bench: Bench) -> None:
    bench.start()
    bench.end()
    bench.redis.hset("fp:callback:a", "since", 0)
    assert bench.dispatched() == []
    assert bench.pending() == []


def test_a_run_that_nobody_lists_is_kept_for_its_subscriber(bench: Bench) -> None:
    bench.start(is_public=False)
    bench.end()
    assert bench.redis.pttl("fp:job:a:request") > 1000 * sum(PAUSES)  # type: ignore[operator]


@pytest.mark.parametrize("status", [200, 204, 299, 400, 404, 410])
def test_some_answers_are_final(status: int) -> None:
    assert pause_after(status, 1) is None


@pytest.mark.parametrize("status", [None, 302, 408, 429, 500, 503])
def test_other_answers_are_followed_by_growing_pauses(status: int | None) -> None:
    pauses = [pause_after(status, tries) for tries in range(1, len(PAUSES) + 2)]
    assert pauses == [*sorted(PAUSES), None]
