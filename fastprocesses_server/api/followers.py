"""Those who follow a job or wait for its end: each has it looked at twice a second, and a process bears so many."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import Unavailable

MOST_FOLLOWERS = 500
"""Of one API process; a thousand looks in a second keep it busy for a good part of that."""


class Followers:
    def __init__(self, most: int = MOST_FOLLOWERS) -> None:
        self.most = most
        self.count = 0

    @property
    def is_full(self) -> bool:
        return self.count >= self.most

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """For as long as somebody follows.

        Raises:
            Unavailable: there are as many as there may be.
        """
        if self.is_full:
            raise Unavailable(
                f"{self.most} clients follow jobs or wait for them, and more this server does not bear. "
                "Ask for the status of the job now and then instead."
            )
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1
