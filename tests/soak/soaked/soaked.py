"""Small callables, one for each way in which a job may go."""

import time
from pathlib import Path
from typing import Any


def tiny(number: int) -> int:
    return number + 1


def fail(number: int) -> int:
    raise ValueError(str(number))


def large(number: int) -> str:
    return str(number % 10) * 100_000


def retried(number: int, folder: str) -> int:
    """Fails the first time."""
    mark = Path(folder) / str(number)
    if not mark.exists():
        mark.touch()
        raise ConnectionError
    return number + 1


def report(number: int, context: Any) -> int:
    for percent in (20, 60):
        context.progress(percent, f"{percent} of 100")
    (context.workdir / "note").write_text("x")
    return number + 1


def shared(number: int) -> int:
    """Takes long enough for others to join it."""
    time.sleep(0.05)
    return number + 1


def wait(number: int, context: Any) -> int:
    """Until it is dismissed."""
    end = time.monotonic() + 120
    while time.monotonic() < end and not context.cancelled:
        time.sleep(0.01)
    return number + 1
