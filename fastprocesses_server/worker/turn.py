"""A turn: what a process for jobs does for one message of Celery, which may be more than the job that it names.

A message costs more than a short job, so the process takes further jobs from the queue by itself, for a moment, and
waits there for those that come meanwhile.
"""

import time
from collections.abc import Callable
from random import randint

SECONDS = 0.1
"""After which Celery decides again: which queue is next, and whether there is to be another turn."""

LEAST_JOBS, MOST_JOBS = 1500, 2500
"""Between which a process is replaced: those of a worker, which go on side by side, not all at one moment."""


class Turn:
    """Of one process, again and again. `is_last` tells whether its worker has ended, or become a new image."""

    def __init__(self, is_last: Callable[[], bool]) -> None:
        self.is_last = is_last
        self.jobs = self.most = 0
        self.end = 0.0

    def begin(self) -> None:
        self.most = self.most or randint(LEAST_JOBS, MOST_JOBS)  # noqa: S311 - so that they differ
        self.end = time.monotonic() + SECONDS

    @property
    def seconds_left(self) -> float:
        return max(self.end - time.monotonic(), 0)

    @property
    def is_spent(self) -> bool:
        """Whether its process is to be replaced."""
        return self.jobs >= self.most

    @property
    def is_over(self) -> bool:
        """Whether no further job is to be taken."""
        return not self.seconds_left or self.is_spent or self.is_last()
