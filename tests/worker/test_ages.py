"""How long jobs have run, whatever the clock of the store says."""

from fastprocesses_server.jobs.leases import Held, Verdict
from fastprocesses_server.worker.ages import Ages

STEP = 3600.0


def make_held(elapsed: float, verdict: Verdict = Verdict.RUN, attempt: int = 1) -> Held:
    return Held("a", 1, attempt, verdict, 0, 0, elapsed=elapsed, soft_limit=10, hard_limit=20)


def verdicts(ages: Ages, *looks: tuple[float, float]) -> list[Verdict]:
    """At each moment, with what the store says has elapsed."""
    return [ages.look([make_held(elapsed)], now)[0].verdict for now, elapsed in looks]


def test_a_job_is_over_its_limits_one_after_the_other() -> None:
    looks = (100, 1), (108, 9), (110, 11), (118, 19), (120, 21)
    assert verdicts(Ages(), *looks) == ["run", "run", "soft", "soft", "hard"]


def test_a_clock_that_jumps_ends_no_job() -> None:
    looks = (100, 1), (101, 2 + STEP), (108, 9 + STEP), (110, 11 + STEP)
    assert verdicts(Ages(), *looks) == ["run", "run", "run", "soft"]


def test_a_clock_that_jumps_back_prolongs_no_job() -> None:
    assert verdicts(Ages(), (100, 1), (101, 2 - STEP), (110, 11 - STEP), (120, 21)) == ["run", "run", "soft", "hard"]


def test_a_job_began_no_earlier_than_the_store_was_last_asked() -> None:
    ages = Ages()
    ages.look([], 100)
    assert verdicts(ages, (101, 1 + STEP), (109, 9 + STEP), (111, 11 + STEP)) == ["run", "run", "soft"]


def test_a_keeper_that_starts_anew_believes_the_store() -> None:
    assert verdicts(Ages(), (100, 15)) == ["soft"]


def test_each_attempt_has_its_own_age() -> None:
    ages = Ages()
    assert ages.look([make_held(15)], 100)[0].verdict == Verdict.SOFT
    assert ages.look([make_held(1, attempt=2)], 101)[0].verdict == Verdict.RUN


def test_what_is_to_be_killed_is_killed() -> None:
    assert Ages().look([make_held(15, Verdict.KILL)], 100)[0].verdict == Verdict.KILL
