"""A module of a package without `__init__.py`, with data beside it."""

import json
from pathlib import Path

from .deep import decibels

LEVELS = json.loads(Path(__file__).with_name("levels.json").read_text())


def level(source: str, metres: float = 1) -> float:
    """Say how loud something is from afar."""
    return decibels.at(LEVELS[source], metres)
