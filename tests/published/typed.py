"""Callables that say everything by their annotations; their description files have one line."""

import dataclasses
import datetime
import enum
import math
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field, field_validator

from fastprocesses_server.types import BBox, BoundingBox, FeatureCollection, Geometry


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Paint(BaseModel):
    colour: Colour
    litres: Annotated[float, Field(gt=0)] = 1

    @field_validator("litres")
    @classmethod
    def _whole_tins(cls, value: float) -> float:
        if value != int(value):
            raise ValueError("paint comes in whole litres")
        return value


@dataclasses.dataclass
class Job:
    paint: Paint
    due: datetime.date


def tell(
    job: Job,
    box: BBox,
    ident: uuid.UUID,
    *,
    pause: datetime.timedelta = datetime.timedelta(seconds=5),
    colours: set[Colour] | None = None,
    file: Path | None = None,
) -> dict[str, Any]:
    """Say which types arrive."""
    given = {"job": job, "paint": job.paint, "due": job.due, "box": box, "ident": ident, "pause": pause, "file": file}
    types = {name: type(value).__name__ for name, value in given.items()}
    return types | {"colours": sorted(colour.name for colour in colours or ()), "corner": list(box.upper)}


class Answer(NamedTuple):
    area: Decimal
    box: BBox
    due: datetime.datetime
    colour: Colour
    note: str | None = None


def answer(colour: Colour = Colour.BLUE) -> Answer:
    """Return what is not JSON by itself."""
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    return Answer(Decimal("1.50"), BoundingBox((1, 2, 3, 4)), moment, colour)


def centroid(points: FeatureCollection, /, precision: int = 3) -> Geometry:
    """Find the middle of points."""
    coordinates = [feature["geometry"]["coordinates"] for feature in points["features"]]
    middle = [round(math.fsum(axis) / len(coordinates), precision) for axis in zip(*coordinates, strict=True)]
    return {"type": "Point", "coordinates": middle}


def size(anything: Path, text: bytes = b"") -> int:
    """Count the bytes of two inputs."""
    return anything.stat().st_size + len(text)


def forget(what: Annotated[str, "What shall be forgotten"]) -> None:
    """Return nothing."""


def moments(
    day: datetime.date,
    sizes: dict[int, datetime.timedelta],
    at: datetime.time = datetime.time(8),
    ident: uuid.UUID | str = "none",
) -> dict[str, Any]:
    """Return a moment without a zone."""
    longest = max(sizes, key=sizes.__getitem__)
    return {"moment": datetime.datetime.combine(day, at), "longest": longest, "ident": type(ident).__name__}
