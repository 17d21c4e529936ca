"""Service coverage: the share of each district that lies within a distance of the nearest point."""

from typing import Any

import montreal
import numpy as np
import shapely
from projection import geometries, in_metres, utm_zone

GeoJSON = dict[str, Any]


def service_coverage(
    context: Any, distance: float = 500, points: GeoJSON | None = None, districts: GeoJSON | None = None
) -> dict[str, Any]:
    """GeoJSON in longitude and latitude, `distance` in metres; measured in the UTM zone of the districts.

    Where nothing is sent, the car-share points and the districts of Montréal serve.
    """
    districts = districts or montreal.districts()
    areas = geometries(districts)
    crs = utm_zone(areas)
    areas = shapely.make_valid(in_metres(areas, crs))
    places = shapely.get_parts(in_metres(geometries(points or montreal.car_share()), crs))
    served = shapely.union_all(shapely.buffer(places, distance, quad_segs=32))

    measured = []
    for number, (feature, area) in enumerate(zip(districts["features"], areas, strict=True), 1):
        if context.cancelled:
            raise InterruptedError(f"cancelled at district {number} of {len(areas)}")
        measured.append(_measured(feature, area, served, places))
        context.progress(100 * number / len(areas), f"district {number} of {len(areas)}")
    return {
        "districts": {"type": "FeatureCollection", "features": measured},
        "summary": {**_summary(areas, served, places), "crs": crs},
    }


def _measured(feature: GeoJSON, area: shapely.Geometry, served: shapely.Geometry, places: np.ndarray) -> GeoJSON:
    measures = {
        "area_km2": round(area.area / 1e6, 3),
        "covered_share": _covered_share(area, served),
        "points": int(shapely.contains(area, places).sum()),
    }
    return {**feature, "properties": {**(feature.get("properties") or {}), **measures}}


def _summary(areas: np.ndarray, served: shapely.Geometry, places: np.ndarray) -> dict[str, Any]:
    region = shapely.union_all(areas)
    return {
        "covered_share": _covered_share(region, served),
        "area_km2": round(region.area / 1e6, 3),
        "points": len(places),
        "points_inside": int(shapely.contains(region, places).sum()),
        "districts": len(areas),
        "districts_without_service": int((~shapely.intersects(areas, served)).sum()),
    }


def _covered_share(area: shapely.Geometry, served: shapely.Geometry) -> float:
    return round(area.intersection(served).area / area.area, 4) if area.area else 0.0
