import json
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import shape

from fastprocesses_server import ProcessError

EARTH = Geod(ellps="WGS84")


@pytest.fixture
def montreal(shipped: Callable[[str], ModuleType]) -> Any:
    return shipped("montreal")


@pytest.fixture
def service_coverage(shipped: Callable[[str], ModuleType]) -> Any:
    return shipped("service_coverage").service_coverage


def square(longitude: float, latitude: float, side: float) -> dict[str, Any]:
    """A feature whose sides are `side` degrees long, with its middle in the place given."""
    box = shapely.box(*(longitude - side / 2, latitude - side / 2, longitude + side / 2, latitude + side / 2))
    return {"type": "Feature", "id": 7, "properties": None, "geometry": shapely.geometry.mapping(box)}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def multi_point(*positions: tuple[float, float]) -> dict[str, Any]:
    return {"type": "MultiPoint", "coordinates": [list(position) for position in positions]}


def sampled_share(district: dict[str, Any], points: dict[str, Any], distance: float) -> float:
    """Counted, not intersected: places in the district that have a point near enough, on the ellipsoid."""
    area = shape(district["geometry"])
    west, south, east, north = area.bounds
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(west, east, 50), np.linspace(south, north, 50)))
    inside = shapely.contains_xy(area, x, y)
    x, y = x[inside], y[inside]
    near = np.zeros(x.size, dtype=bool)
    for point in points["features"]:
        longitude, latitude = point["geometry"]["coordinates"]
        metres = EARTH.inv(x, y, np.full_like(x, longitude), np.full_like(y, latitude))[2]
        near |= metres <= distance
    return float(near.mean())


def test_nothing_sent_measures_car_sharing_in_montreal(service_coverage: Any, context: Any) -> None:
    outputs = service_coverage(context=context)
    districts = outputs["districts"]["features"]
    shares = [district["properties"]["covered_share"] for district in districts]

    assert len(districts) == 58
    assert min(shares) == 0
    assert max(shares) == 1
    assert len(set(shares)) > 30
    assert outputs["summary"]["crs"] == "EPSG:32618"
    assert outputs["summary"]["points"] == 249
    assert sum(district["properties"]["points"] for district in districts) == outputs["summary"]["points_inside"]
    json.dumps(outputs, allow_nan=False)


def test_areas_agree_with_the_ellipsoid(service_coverage: Any, montreal: Any, context: Any) -> None:
    outputs = service_coverage(context=context)
    geodesic = [
        abs(EARTH.geometry_area_perimeter(shape(district["geometry"]))[0]) / 1e6
        for district in montreal.districts()["features"]
    ]
    measured = [district["properties"]["area_km2"] for district in outputs["districts"]["features"]]

    assert measured == pytest.approx(geodesic, rel=0.002)
    assert outputs["summary"]["area_km2"] == pytest.approx(375, abs=1)


@pytest.mark.parametrize("number", ["183", "162", "72", "134"])
def test_shares_agree_with_counting_on_the_ellipsoid(
    service_coverage: Any, montreal: Any, context: Any, number: str
) -> None:
    outputs = service_coverage(context=context, distance=500)
    district = next(
        district
        for district in outputs["districts"]["features"]
        if district["properties"]["district"].startswith(f"{number}-")
    )

    assert district["properties"]["covered_share"] == pytest.approx(
        sampled_share(district, montreal.car_share(), 500), abs=0.015
    )


def test_a_circle_in_a_square_covers_its_area_and_overlaps_count_once(service_coverage: Any, context: Any) -> None:
    district = square(9.0, 0.0, 0.02)
    outputs = service_coverage(
        context=context,
        distance=1000,
        points=multi_point((9.0, 0.0), (9.0, 0.0)),
        districts=collection(district),
    )
    properties = outputs["districts"]["features"][0]["properties"]

    assert properties["area_km2"] * properties["covered_share"] == pytest.approx(math.pi, rel=0.002)
    assert properties["points"] == 2
    assert outputs["districts"]["features"][0]["id"] == 7


def test_the_utm_zone_is_that_of_the_districts(service_coverage: Any, context: Any) -> None:
    hamburg, cape_town = square(10.0, 53.55, 0.1), square(18.42, -33.92, 0.1)

    zones = [
        service_coverage(context=context, points=multi_point((0, 0)), districts=collection(place))["summary"]["crs"]
        for place in (hamburg, cape_town)
    ]

    assert zones == ["EPSG:32632", "EPSG:32734"]


@pytest.mark.parametrize("place", [(0, 90), (200, 0), (8_500_000, 6_000_000), (math.inf, 0)])
def test_districts_that_no_zone_holds_are_refused(
    service_coverage: Any, context: Any, place: tuple[float, float]
) -> None:
    with pytest.raises(ProcessError, match="in degrees, longitude first"):
        service_coverage(context=context, districts=collection(square(*place, 0.1)))


def test_no_points_cover_nothing(service_coverage: Any, context: Any) -> None:
    summary = service_coverage(context=context, points=collection())["summary"]

    assert (summary["covered_share"], summary["points"], summary["districts_without_service"]) == (0, 0, 58)


def test_a_polygon_that_crosses_itself_is_measured(service_coverage: Any, context: Any) -> None:
    bow_tie = square(10.0, 53.5, 0.1)
    bow_tie["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[10, 53], [11, 54], [11, 53], [10, 54], [10, 53]]],
    }

    outputs = service_coverage(context=context, points=multi_point((10.1, 53.5)), districts=collection(bow_tie))

    assert 0 < outputs["summary"]["covered_share"] < 0.01


def test_progress_goes_by_district(service_coverage: Any, context: Any) -> None:
    service_coverage(context=context)

    assert len(context.reports) == 58
    assert context.reports[11] == (pytest.approx(100 * 12 / 58), "district 12 of 58")
    assert context.reports[-1][0] == 100


def test_a_cancelled_run_stops_at_the_next_district(service_coverage: Any, context: Any) -> None:
    context.cancel_after = 3

    with pytest.raises(InterruptedError, match="district 4 of 58"):
        service_coverage(context=context)


def test_the_metro_stations_lie_in_the_city(service_coverage: Any, context: Any, processes: Path) -> None:
    stations = json.loads((processes / "data" / "metro-stations.geojson").read_text("utf-8"))
    summary = service_coverage(context=context, distance=800, points=stations)["summary"]

    assert summary["points"] == summary["points_inside"] == 5
    assert summary["area_km2"] * summary["covered_share"] == pytest.approx(5 * math.pi * 0.8**2, rel=0.1)
