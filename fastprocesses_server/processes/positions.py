"""Data as read from a file, and where in the text every key and value stands."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Where = tuple[str | int, ...]
"""A place in the data: keys and indices from the root."""

TEXTS: frozenset[Where] = frozenset({("version",)})
"""Scalars that keep their text: `version: 1.10` is not 1.1."""


class Position(NamedTuple):
    """Both count from 1."""

    line: int
    column: int


START = Position(1, 1)


class Flaw(NamedTuple):
    position: Position
    what: str


class Malformed(Exception):
    """The text cannot be read as data."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("; ".join(flaw.what for flaw in flaws))
        self.flaws = tuple(flaws)


@dataclass(frozen=True, slots=True)
class Reading:
    """`keys` and `values` hold the position of each member's name and of each value."""

    data: Any
    keys: Mapping[Where, Position]
    values: Mapping[Where, Position]


def unpublishable(value: Any) -> str | None:
    """Why a scalar cannot stand in the JSON that is published of a process; None where it can."""
    match value:
        case float() if not math.isfinite(value):
            return "JSON has no such number"
        case int() if not -(2**63) <= value < 2**64:
            return "this number has more than 64 bits"
        case str() if any("\ud800" <= c <= "\udfff" for c in value):
            return "half of a surrogate pair is not text"
        case _:
            return None
