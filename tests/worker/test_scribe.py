"""From the process that runs jobs to what is stored of them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serving import ROOT

SAID = [[f"job-{number}", number + 1, [f"said by {number}", "told"], 0] for number in range(3)]


def saying(how: str) -> tuple[list[Any], str]:
    """What was stored, and what reached the real standard error."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("saying.py"), how],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PYTHONPATH": str(ROOT)},
    )
    stored: list[Any] = json.loads(done.stdout)
    return stored, done.stderr


def test_jobs_that_say_nothing_cost_nothing_but_microseconds(figure: Callable[..., None]) -> None:
    stored, cost = saying("silent")
    assert stored == []
    figure("a job that says nothing, and so needs no command to Redis: CPU for its log", float(cost), "µs", 1000)


def together(stored: list[Any]) -> list[Any]:
    """By attempt: how many writes it took is a matter of time."""
    found: dict[tuple[str, int], list[str]] = {}
    for job_id, attempt, lines, _ in stored:
        found.setdefault((job_id, attempt), []).extend(lines)
    return [[*attempt, lines, 0] for attempt, lines in found.items()]


@pytest.mark.parametrize("how", ["speaks", "closes", "spins", "succeeds"])
def test_each_job_has_its_own_lines(how: str) -> None:
    assert together(saying(how)[0]) == SAID


def test_lines_wait_for_a_store_that_is_away() -> None:
    stored, log = saying("outage")
    assert sorted(together(stored)) == SAID
    assert "logs of jobs wait for Redis: away" in log


def test_what_a_process_said_before_it_died_is_stored() -> None:
    assert together(saying("dies")[0]) == SAID[:1]
