"""When a program that ended by itself is started again."""

from dataclasses import dataclass

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before the first start again, the second, and so on; the last one for all that follow."""

STEADY_SECONDS = 60.0
"""A program that ran for so long is not in a loop."""

ALARM = 3
"""Quick ends in a row that make a crash loop."""


@dataclass(frozen=True, slots=True)
class Revival:
    """What is known of a program's ends. A new end makes a new one; moments are of a monotonic clock."""

    ends: int = 0
    """In a row, each soon after its start."""
    due: float = 0.0
    """When it is to be started."""

    def after(self, started: float, ended: float) -> "Revival":
        ends = 1 if ended - started >= STEADY_SECONDS else self.ends + 1
        return Revival(ends, ended + PAUSES[min(ends, len(PAUSES)) - 1])

    @property
    def is_loop(self) -> bool:
        return self.ends >= ALARM
