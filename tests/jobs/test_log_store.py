"""The log of a job in the store: fenced by the attempt, kept as long as the record."""

import pytest
from bench import PID, Bench

from fastprocesses_server.jobs.leases import Outcome
from fastprocesses_server.jobs.log import LogLine, Source
from fastprocesses_server.jobs.record import Status


def line(text: str) -> LogLine:
    return LogLine(1_764_079_056_123, "INFO", Source.OUTPUT, text)


def texts(bench: Bench, job_id: str = "a") -> list[str]:
    return [line.text for line in bench.ask("log", job_id)]


def test_lines_follow_each_other(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    assert texts(bench) == []
    assert bench.one.say("a", 1, [line("one"), line("two")], 0)
    assert bench.one.say("a", 1, [line("three")], 0)
    assert bench.ask("log", "a") == [line("one"), line("two"), line("three")]
    assert bench.ask("log", "a")[0].moment == "2025-11-25T13:57:36.123Z"


def test_the_last_lines_are_kept_and_the_others_counted(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    bench.one.say("a", 1, [line(str(number)) for number in range(900)], 12_000)
    bench.one.say("a", 1, [line(str(number)) for number in range(900, 1200)], 345)
    kept = texts(bench)
    assert kept == ["… 12,545 lines left out", *map(str, range(200, 1200))]
    assert bench.redis.llen("fp:job:a:log") == 1000


def test_only_the_attempt_that_has_the_job_is_heard(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    assert not bench.two.say("a", 1, [line("another worker")], 1)
    assert not bench.one.say("a", 2, [line("another attempt")], 1)
    assert not bench.one.say("b", 1, [line("no job")], 1)
    bench.one.gone("a", PID)
    assert not bench.one.say("a", 1, [line("too late")], 1)
    bench.two.claim("a")
    assert not bench.one.say("a", 1, [line("far too late")], 1)
    assert texts(bench) == []
    assert bench.redis.exists("fp:job:b") == 0


def test_a_new_attempt_says_that_it_begins(bench: Bench) -> None:
    bench.create()
    bench.one.claim("a")
    bench.one.say("a", 1, [line("first")], 0)
    bench.one.gone("a", PID)
    bench.two.claim("a")
    bench.two.claim("a")  # the answer was lost
    bench.two.say("a", 2, [line("second")], 0)
    assert texts(bench) == ["first", "attempt 2 begins", "second"]
    assert [line.source for line in bench.ask("log", "a")] == [Source.OUTPUT, Source.SERVER, Source.OUTPUT]


@pytest.mark.parametrize("says_late", [True, False])
def test_a_log_goes_with_the_record(bench: Bench, *, says_late: bool) -> None:
    bench.create()
    bench.one.claim("a")
    if not says_late:
        bench.one.say("a", 1, [line("in time")], 0)
    bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    if says_late:
        assert bench.one.say("a", 1, [line("late")], 0)
    of_record, of_log = bench.redis.pttl("fp:job:a"), bench.redis.pttl("fp:job:a:log")
    assert abs(of_record - of_log) < 1000  # type: ignore[operator]
    bench.ask("remove", "a")
    assert not bench.redis.keys("fp:job:a*")
    assert not bench.one.say("a", 1, [line("too late")], 1)
    assert not bench.redis.keys("fp:job:a*")


def test_the_log_of_a_private_run_is_kept_for_minutes(bench: Bench) -> None:
    bench.one.beat()
    bench.create(is_public=False, reply_to="fp:reply:x")
    bench.one.claim("a")
    bench.one.say("a", 1, [line("said")], 0)
    bench.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    assert 0 < bench.redis.pttl("fp:job:a:log") <= 600_000  # type: ignore[operator]
