"""What is seen of a job by who follows it: its record, and each line of its log once."""

import pytest
from bench import PID, Bench
from test_log_store import line

from fastprocesses_server.jobs.following import Sight
from fastprocesses_server.jobs.leases import Outcome
from fastprocesses_server.jobs.record import Status


def look(bench: Bench, known: int = 0) -> Sight:
    sight: Sight = bench.ask("follow", "a", known)
    return sight


def news(sight: Sight, before: Sight | None = None) -> list[tuple[int, str]]:
    return [(number, line.text) for number, line in sight.news(before)]


@pytest.fixture
def talking(bench: Bench) -> Bench:
    bench.create()
    bench.one.claim("a")
    return bench


def say(bench: Bench, *numbers: int, left_out: int = 0) -> None:
    assert bench.one.say("a", 1, [line(str(number)) for number in numbers], left_out)


def test_a_look_shows_the_record_and_what_was_said_since_the_look_before(talking: Bench) -> None:
    first = look(talking)
    assert (first.job, news(first)) == (talking.read(), [])
    say(talking, 1, 2)
    second = look(talking, first.said)
    assert news(second, first) == [(1, "1"), (2, "2")]
    say(talking, 3)
    third = look(talking, second.said)
    assert news(third, second) == [(3, "3")]
    assert news(look(talking, third.said), third) == []


def test_the_last_look_shows_the_end_and_all_that_was_said_before_it(talking: Bench) -> None:
    before = look(talking)
    say(talking, 1)
    talking.one.commit("a", 1, Outcome(Status.SUCCESSFUL, b"[]"))
    last = look(talking, before.said)
    assert (last.job.status, news(last, before)) == (Status.SUCCESSFUL, [(1, "1")])


def test_lines_that_came_and_went_between_two_looks_are_counted(talking: Bench) -> None:
    say(talking, *range(1, 901))
    before = look(talking)
    assert before.said == 900
    say(talking, *range(901, 1801))
    say(talking, *range(1801, 2101))
    missed, *others = news(look(talking, 900), before)
    assert missed == (1100, "… 200 lines left out")
    assert others == [(number, str(number)) for number in range(1101, 2101)]
    assert news(look(talking, 2000)) == others[-100:]


def test_lines_that_were_never_kept_are_counted_once_and_move_no_other(talking: Bench) -> None:
    say(talking, 1, 2)
    before = look(talking)
    say(talking, 3, left_out=70)
    now = look(talking, before.said)
    assert news(now, before) == [(2, "… 70 lines left out"), (3, "3")]
    assert news(look(talking, now.said), now) == []
    assert news(look(talking)) == [(0, "… 70 lines left out"), (1, "1"), (2, "2"), (3, "3")]
    assert news(look(talking, 2)) == [(3, "3")]


def test_who_knows_more_than_was_said_knows_another_log(talking: Bench) -> None:
    say(talking, 1, 2)
    assert news(look(talking, 3)) == [(1, "1"), (2, "2")]


def test_another_attempt_goes_on_counting(talking: Bench) -> None:
    say(talking, 1)
    before = look(talking)
    talking.one.gone("a", PID)
    talking.two.claim("a")
    assert news(look(talking, before.said), before) == [(2, "attempt 2 begins")]


def test_a_job_that_is_gone_is_not_seen(bench: Bench) -> None:
    assert bench.ask("follow", "a", 0) is None
