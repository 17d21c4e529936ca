"""What is asked of the job list (class job-list): which jobs, and which page of them."""

from dataclasses import dataclass
from enum import StrEnum

import orjson

from .record import Status

BUDGET = 1_000
"""Jobs that are looked at in one step, at most, so that no list keeps Redis from its work."""

STEPS = 10
"""For one page, at most. Durations are in the records and not in the lists: where few jobs fit, a page ends early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which jobs; None means that it does not matter. Moments and durations are in milliseconds and inclusive."""

    statuses: tuple[Status, ...] | None = None
    processes: tuple[str, ...] | None = None
    earliest: int | None = None
    latest: int | None = None
    shortest: int | None = None
    longest: int | None = None
    maker: str | None = None


class Direction(StrEnum):
    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list, newest first by creation (milliseconds) and id, and the direction to go from there.

    The place is right behind the job that it names: the jobs `newer` are this one and those before it. It stays
    a place when that job is gone.
    """

    direction: Direction
    created: int
    job_id: str

    def back(self) -> "Cursor":
        """From the same place in the other direction."""
        other = Direction.NEWER if self.direction == Direction.OLDER else Direction.OLDER
        return Cursor(other, self.created, self.job_id)


@dataclass(frozen=True, slots=True)
class Window:
    """Which page: `limit` jobs from the cursor, or the newest where there is none, after `offset` left out."""

    limit: int
    offset: int = 0
    cursor: Cursor | None = None

    @property
    def direction(self) -> Direction:
        return self.cursor.direction if self.cursor else Direction.OLDER


def as_json(selection: Selection, window: Window) -> bytes:
    """What `list.lua` reads. Moments are text, since numbers lose digits where Lua writes them."""
    members = {
        "statuses": selection.statuses,
        "processes": selection.processes,
        "earliest": _text(selection.earliest),
        "latest": _text(selection.latest),
        "shortest": selection.shortest,
        "longest": selection.longest,
        "maker": selection.maker,
        "cursor": _place(window.cursor) if window.cursor else None,
        "limit": window.limit,
        "offset": window.offset,
        "budget": BUDGET,
    }
    return orjson.dumps({name: value for name, value in members.items() if value is not None})


def _place(cursor: Cursor) -> dict[str, str]:
    return {"direction": cursor.direction, "created": str(cursor.created), "id": cursor.job_id}


def _text(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else str(milliseconds)
