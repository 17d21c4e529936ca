"""What a callable may ask for while it runs."""

import math
import time
from collections.abc import Callable
from pathlib import Path

from loguru import logger

LONGEST_MESSAGE = 1000
PROGRESS_SECONDS = 0.2
"""Least time between two reports that leave the process."""


class Context:
    """Given to callables that have a parameter `context`. Nothing here ever fails the job."""

    def __init__(
        self,
        job_id: str,
        workdir: Path,
        report: Callable[[float, str], object],
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.job_id = job_id
        self.cancelled = False
        """True once the job was dismissed or is over its soft time limit: end soon, or be killed."""
        self._workdir = workdir
        self._report = report
        self._say = say
        self._last_report = float("-inf")
        self._has_told_the_end = False
        self._tells_progress = False
        self.since = time.time()

    @property
    def workdir(self) -> Path:
        """A private folder, made when first asked for and removed after the run."""
        self._workdir.mkdir(parents=True, exist_ok=True)
        return self._workdir

    def progress(self, percent: float, message: str = "") -> None:
        """Report how far the run is, 0 to 100; it never goes back.

        Too frequent reports are left out, but not the first of 100.
        """
        self._tells_progress = True
        self._tell(percent, message)

    def follow(self, percent: float, message: str) -> None:
        """The same, of a progress bar: it counts only until the callable reports something itself."""
        if not self._tells_progress:
            self._tell(percent, message)

    def _tell(self, percent: float, message: str) -> None:
        clamped = _clamped(percent)
        if clamped != percent:
            logger.warning("job {} reports a progress of {}, taken as {:g}", self.job_id, percent, clamped)
        now = time.monotonic()
        is_end = clamped == 100 and not self._has_told_the_end
        if is_end or now - self._last_report >= PROGRESS_SECONDS:
            self._last_report = now
            self._has_told_the_end |= is_end
            text = str(message).encode("utf-8", errors="replace").decode()
            self._report(clamped, text[:LONGEST_MESSAGE])

    def log(self, text: str) -> None:
        """Write a line to the log of the job, and to that of the server."""
        logger.info("job {}: {}", self.job_id, text)
        self._say(str(text))


def _clamped(percent: object) -> float:
    try:
        number = float(percent)  # type: ignore[arg-type] # authors pass what they like
    except (TypeError, ValueError):
        return 0.0
    return 0.0 if math.isnan(number) else min(max(number, 0.0), 100.0)
