"""Types for the annotations of authors' callables: those of OGC and GeoJSON, and the context."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import WithJsonSchema

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """bbox.yaml: `bbox` has four numbers, or six where there is a height, in the units and the order of the `crs`."""

    bbox: tuple[float, ...]
    crs: str = CRS84

    @property
    def lower(self) -> tuple[float, ...]:
        """The corner with the least coordinates: two numbers, or three."""
        return self.bbox[: len(self.bbox) // 2]

    @property
    def upper(self) -> tuple[float, ...]:
        """The corner with the greatest coordinates."""
        return self.bbox[len(self.bbox) // 2 :]


BBox = Annotated[BoundingBox, WithJsonSchema({"type": "object", "format": "ogc-bbox"})]
"""Published with the format `ogc-bbox`; a callable gets and returns a `BoundingBox`."""

Geometry = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "format": "geojson-geometry"})]
"""A GeoJSON geometry (RFC 7946), as a dict."""

Feature = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "format": "geojson-feature"})]
"""A GeoJSON feature, as a dict."""

FeatureCollection = Annotated[
    dict[str, Any], WithJsonSchema({"type": "object", "format": "geojson-feature-collection"})
]
"""A GeoJSON feature collection, as a dict."""


class Context(Protocol):
    """What a callable gets in a parameter `context`, or of this type."""

    @property
    def job_id(self) -> str: ...

    @property
    def cancelled(self) -> bool:
        """Whether the job was dismissed or is over its soft time limit: end soon, or be killed."""

    @property
    def workdir(self) -> Path:
        """A private folder, removed after the run."""

    def progress(self, percent: float, message: str = "") -> None:
        """Report how far the run is, 0 to 100; it never goes back."""

    def log(self, text: str) -> None:
        """Write a line to the log of the job, and to that of the server."""
