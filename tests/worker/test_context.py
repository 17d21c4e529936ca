"""What a callable says through its context."""

from pathlib import Path

from fastprocesses_server.worker.context import Context


def reports(*told: tuple[float, str]) -> list[tuple[float, str]]:
    """Those that are passed on, of some that come one upon the other."""
    passed: list[tuple[float, str]] = []
    context = Context("a", Path("nowhere"), lambda percent, message: passed.append((percent, message)))
    for percent, message in told:
        context.progress(percent, message)
    return passed


def test_too_frequent_reports_are_left_out_but_not_the_last() -> None:
    steps = [(10.0 * step, f"step {step} of 10") for step in range(1, 11)]
    assert reports(*steps) == [steps[0], steps[-1]]


def test_the_end_is_reported_at_once_only_the_first_time() -> None:
    assert reports((0, "begins"), (100, "one"), (100, "two"), (200, "three")) == [(0, "begins"), (100, "one")]
