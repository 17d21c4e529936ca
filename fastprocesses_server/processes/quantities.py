"""Durations and sizes as people write them in description files and settings: `10min`, `2GiB`."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
BYTES = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


def _read(value: Any, units: dict[str, float] | dict[str, int], bare: str, example: str) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", value)
    if not match or (match[2] or bare) not in units:
        raise ValueError(f"write a number and one of {', '.join(units)}, for example {example}")
    return float(match[1]) * units[match[2] or bare]


def _schema(units: dict[str, float] | dict[str, int], *examples: str) -> WithJsonSchema:
    text = {"type": "string", "pattern": rf"^\s*\d+(\.\d+)?\s*({'|'.join(units)})?\s*$"}
    return WithJsonSchema({"anyOf": [text, {"type": "number", "exclusiveMinimum": 0}], "examples": list(examples)})


Seconds = Annotated[
    float,
    BeforeValidator(lambda v: _read(v, SECONDS, "s", "10min")),
    Field(gt=0),
    _schema(SECONDS, "10s", "10min", "24h", "7d"),
]
"""A duration; a bare number means seconds."""

Bytes = Annotated[
    int,
    BeforeValidator(lambda v: _read(v, BYTES, "B", "500MiB")),
    Field(gt=0),
    _schema(BYTES, "500MiB", "2GiB"),
]
"""A size; a bare number means bytes."""


def counted(number: int, one: str, many: str) -> str:
    """`1 process`, `2 processes`."""
    return f"{number} {one if number == 1 else many}"


def as_text(size: int) -> str:
    """A number of bytes for people, `512 MiB`; exact where that is short."""
    unit = next((name for name in ("GiB", "MiB", "KiB") if size >= BYTES[name]), "B")
    return f"{size / BYTES[unit]:.4g} {unit}"


def duration_text(seconds: float) -> str:
    """As an author would write it, `10min`: in the largest unit of which it is a whole number."""
    whole = [name for name, unit in SECONDS.items() if (seconds / unit).is_integer()]
    if whole:
        return f"{seconds / SECONDS[whole[-1]]:.0f}{whole[-1]}"
    return f"{seconds:.9f}".rstrip("0") + "s"


def size_text(size: int) -> str:
    """As an author would write it, `2GiB`: exact."""
    unit = max((name for name in BYTES if size % BYTES[name] == 0), key=BYTES.__getitem__)
    return f"{size // BYTES[unit]}{unit}"
