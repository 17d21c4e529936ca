"""When a program that ended by itself is started again."""

from dataclasses import dataclass

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before the first start again, the second, and so on; the last one for all that follow."""

STEADY_SECONDS = 60.0
"""A program that ran for so long is not in a loop."""

ALARM = 3
"""Quick ends in a row that make a crash loop."""

ALARM_AGAIN = 10
"""Further ends after which it is told again."""


@dataclass(frozen=True, slots=True)
class Revival:
    """What is known of a program's ends. A new end makes a new one; moments are of a monotonic clock."""

    ends: int = 0
    """In a row, each soon after its start."""
    since: float = 0.0
    """When the first of these came."""
    due: float = 0.0
    """When it is to be started."""

    def after(self, started: float, ended: float) -> "Revival":
        is_first = self.ends == 0 or ended - started >= STEADY_SECONDS
        ends, since = (1, ended) if is_first else (self.ends + 1, self.since)
        return Revival(ends, since, ended + PAUSES[min(ends, len(PAUSES)) - 1])

    @property
    def is_alarming(self) -> bool:
        """Whether it is time to tell of a crash loop: now and then, while it goes on."""
        return self.ends >= ALARM and (self.ends - ALARM) % ALARM_AGAIN == 0
