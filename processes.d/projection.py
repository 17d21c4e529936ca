"""Projection: GeoJSON geometries, from degrees to metres."""

from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from shapely.geometry import shape

from fastprocesses_server import ProcessError

SOUTH, NORTH = -80, 84
"""The latitudes between which UTM zones lie."""


def geometries(geojson: dict[str, Any]) -> np.ndarray:
    """Those of the features, or the one geometry that it is; in longitude and latitude."""
    features = geojson.get("features", [{"geometry": geojson}])
    return np.array([shape(feature["geometry"]) for feature in features], dtype=object)


def utm_zone(degrees: np.ndarray) -> str:
    """The CRS of the middle, for the edges of a large region may lie in several zones.

    Raises:
        ProcessError: there is none.
    """
    west, south, east, north = shapely.total_bounds(degrees)
    if not (-180 <= west <= east <= 180 and SOUTH <= south <= north <= NORTH):
        raise ProcessError(
            f"The districts reach from {west:g}, {south:g} to {east:g}, {north:g} (longitude, latitude). "
            f"They must lie within -180, {SOUTH} to 180, {NORTH}: in degrees, longitude first, without the poles."
        )
    longitude, latitude = (west + east) / 2, (south + north) / 2
    middle = AreaOfInterest(longitude, latitude, longitude, latitude)
    zone = query_utm_crs_info(datum_name="WGS 84", area_of_interest=middle)[0]
    return f"{zone.auth_name}:{zone.code}"


def in_metres(degrees: np.ndarray, crs: str) -> np.ndarray:
    to_metres = Transformer.from_crs("OGC:CRS84", crs, always_xy=True)

    def projected(xy: np.ndarray) -> np.ndarray:
        # As lists, for older releases of pyproj take an array of one element for a number.
        return np.column_stack(to_metres.transform(*xy.T.tolist()))

    metres: np.ndarray = shapely.transform(degrees, projected)
    return metres
