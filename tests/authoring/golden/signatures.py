"""Functions of every kind of signature; beside them, what is published of each."""

import datetime
import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypedDict
from uuid import UUID

from pydantic import BaseModel, Field

from fastprocesses_server.types import BBox, Context, Feature, FeatureCollection, Geometry

__version__ = "1.2.3"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(BaseModel):
    """Of a picture."""

    width: Annotated[int, Field(ge=1, description="Pixels from left to right.")]
    height: Annotated[int, Field(ge=1)] = 100


@dataclass
class Place:
    longitude: Annotated[float, Field(ge=-180, le=180)]
    latitude: Annotated[float, Field(ge=-90, le=90)]
    name: str = ""


class Range(TypedDict):
    low: float
    high: float


class Summary(NamedTuple):
    count: int
    mean: float | None


def literal(method: Literal["fast", "exact"] = "fast", level: Literal[1, 2, 3] = 1) -> Literal["good", "bad"]: ...


def enumeration(colour: Colour, others: list[Colour]) -> Colour: ...


def field(
    share: Annotated[float, Field(ge=0, le=1, title="Share", description="Of all.")],
    code: Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["NL"])] = "NL",
) -> Annotated[float, Field(gt=0, description="Always positive.")]: ...


def data(place: Place, ways: list[Place]) -> Place: ...


def typed(limits: Range) -> Range:
    """Widen a range.

    By ten percent on both sides.

    Args:
        limits: What is widened.
    """


def named(values: list[float]) -> Summary:
    """Summarize numbers.

    Parameters
    ----------
    values : list of float
        Any numbers.

    Returns
    -------
    count : int
        How many there are.
    mean : float
        Their mean, none where there are none.
    """


def model(size: Size, more: dict[str, Size]) -> Size:
    """Double a size.

    :param size: What is doubled.
    :returns: Twice as large.
    """


def dates(
    day: datetime.date, moment: datetime.datetime, time: datetime.time, pause: datetime.timedelta
) -> datetime.date: ...


def identifier(ident: UUID) -> UUID: ...


def binary(
    content: bytes,
    picture: Annotated[Path, Field(json_schema_extra={"contentMediaType": "image/png"})],
    files: list[Path],
) -> Path: ...


def places(box: BBox, geometry: Geometry, feature: Feature, features: FeatureCollection) -> FeatureCollection: ...


def optional(first: int, second: float = 0.5, /, third: str | None = None, *, context: Context) -> int | None: ...
