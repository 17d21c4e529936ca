"""Montréal: its 58 districts and 249 car-share zones, as data/README.md describes them."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def districts() -> dict[str, Any]:
    """A FeatureCollection of polygons in longitude and latitude; `district` holds number and name."""
    with gzip.open(DATA / "election.geojson.gz", "rt", encoding="utf-8") as file:
        return dict(json.load(file))


def car_share() -> dict[str, Any]:
    """A FeatureCollection of zone centroids in longitude and latitude; `car_hours` are those of one month."""
    with gzip.open(DATA / "carshare.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return {"type": "FeatureCollection", "features": [_zone(row) for row in csv.DictReader(file)]}


def _zone(row: dict[str, str]) -> dict[str, Any]:
    position = [float(row["centroid_lon"]), float(row["centroid_lat"])]
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": position},
        "properties": {"car_hours": float(row["car_hours"]), "peak_hour": int(row["peak_hour"])},
    }
