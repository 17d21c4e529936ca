"""The inputs of the processes, for every contender, and requests for them."""

import json
from typing import Any

from generator import NUMBER

TEXT: dict[str, Any] = {"type": "string"}
NAME: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 80}
FLOAT: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1_000_000}
FLAG: dict[str, Any] = {"type": "boolean"}
INTEGER: dict[str, Any] = {"type": "integer", "minimum": 0}
POINT: dict[str, Any] = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Point"]},
        "coordinates": {"type": "array", "minItems": 2, "items": {"type": "number"}},
    },
}
WIDE: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("text", "place", "unit", "crs", "note"), NAME),
    "method": {"type": "string", "enum": ["mean", "median", "mode"]},
    **dict.fromkeys(("year", "month", "day", "count"), INTEGER),
    **dict.fromkeys(("size", "height", "width", "tolerance"), FLOAT),
    **dict.fromkeys(("is_closed", "is_smooth"), FLAG),
    "weights": {"type": "array", "items": {"type": "number"}, "maxItems": 100},
    "names": {"type": "array", "items": NAME},
    "bounds": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
    "point": POINT,
}
INPUTS: dict[str, dict[str, dict[str, Any]]] = {
    "echo": {"text": TEXT},
    "large": {"text": TEXT},
    "sleep": {"seconds": {"type": "number"}},
    "wide": WIDE,
}
OUTPUTS: dict[str, dict[str, Any]] = {"echo": TEXT, "large": TEXT, "wide": TEXT, "sleep": {"type": "number"}}

WIDE_REQUEST: dict[str, Any] = {
    "text": f"number {NUMBER.decode()}",
    **dict.fromkeys(("place", "unit", "crs", "note"), "somewhere"),
    "method": "median",
    **dict.fromkeys(("year", "month", "day", "count"), 12),
    **dict.fromkeys(("size", "height", "width", "tolerance"), 12.5),
    **dict.fromkeys(("is_closed", "is_smooth"), True),
    "weights": [0.5] * 20,
    "names": ["one", "two", "three"],
    "bounds": [9.7, 53.3, 10.3, 53.7],
    "point": {"type": "Point", "coordinates": [10.0, 53.5]},
}


def request_of(inputs: dict[str, Any]) -> str:
    return json.dumps({"inputs": inputs})


def features(count: int) -> dict[str, Any]:
    """A GeoJSON collection of small polygons."""
    ring = [[10.0, 53.5], [10.1, 53.5], [10.1, 53.6], [10.0, 53.6], [10.0, 53.5]]
    one = {"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    return {"type": "FeatureCollection", "features": [one] * count}
