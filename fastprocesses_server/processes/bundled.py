"""The schemas of others that description files may refer to: GeoJSON and the bounding box of OGC.

Written by us after RFC 7946 and bbox.yaml; only the addresses are theirs.
"""

from functools import cache
from typing import Any

Schema = dict[str, Any]

GEOJSON = "https://geojson.org/schema/"
BBOX = "https://schemas.opengis.net/ogcapi/processes/part1/1.0/openapi/schemas/bbox.yaml"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
OGC_HOST = "//schemas.opengis.net/"
OGC_FORMAT = "http://www.opengis.net/def/format/ogcapi-processes/0/"
OGC_FORMATS = {
    "geojson-feature": GEOJSON + "Feature.json",
    "geojson-feature-collection": GEOJSON + "FeatureCollection.json",
    "geojson-geometry": GEOJSON + "Geometry.json",
    "ogc-bbox": BBOX,
}


def bundled_reference(reference: str) -> str | None:
    """The address under which the schema is bundled; None where it is not.

    The standard's examples write `../../openapi/schemas/bbox.yaml`, and `http:` as well as `https:`.
    """
    host, _, name = reference.removeprefix("https:").removeprefix("http:").rpartition("/")
    if name == "bbox.yaml" and (host.startswith(OGC_HOST) or "//" not in reference):
        return BBOX
    if host == "//geojson.org/schema":
        kind = name.removesuffix(".json")
    elif host.startswith(OGC_HOST) and name.endswith("GeoJSON.yaml"):
        kind = name.removesuffix("GeoJSON.yaml")
    else:
        return None
    address = f"{GEOJSON}{kind}.json".lower()
    return next((known for known in bundled_schemas() if known.lower() == address), None)


@cache
def bundled_schemas() -> dict[str, Schema]:
    """By address; none refers to another, so that each can be published as it is."""
    position: Schema = {"type": "array", "minItems": 2, "items": {"type": "number"}}
    line: Schema = {"type": "array", "minItems": 2, "items": position}
    ring: Schema = {"type": "array", "minItems": 4, "items": position}
    rings: Schema = _array(ring)
    simple = {
        "Point": _geometry("Point", position),
        "MultiPoint": _geometry("MultiPoint", _array(position)),
        "LineString": _geometry("LineString", line),
        "MultiLineString": _geometry("MultiLineString", _array(line)),
        "Polygon": _geometry("Polygon", rings),
        "MultiPolygon": _geometry("MultiPolygon", _array(rings)),
    }
    collection = _typed("GeometryCollection", geometries=_array({"oneOf": list(simple.values())}))
    geometry: Schema = {"title": "GeoJSON geometry", "oneOf": [*simple.values(), collection]}
    feature = _feature(geometry)
    features = _typed("FeatureCollection", features=_array(feature))
    anything: Schema = {"title": "GeoJSON", "oneOf": [*simple.values(), collection, feature, features]}
    kinds = {
        **simple,
        "GeometryCollection": collection,
        "Geometry": geometry,
        "Feature": feature,
        "FeatureCollection": features,
        "GeoJSON": anything,
    }
    return {BBOX: _bbox(), **{f"{GEOJSON}{kind}.json": schema for kind, schema in kinds.items()}}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _typed(kind: str, **members: Schema) -> Schema:
    bbox: Schema = {"type": "array", "minItems": 4, "items": {"type": "number"}}
    return {
        "title": f"GeoJSON {kind}",
        "type": "object",
        "required": ["type", *members],
        "properties": {"type": {"type": "string", "enum": [kind]}, "bbox": bbox, **members},
    }


def _geometry(kind: str, coordinates: Schema) -> Schema:
    return _typed(kind, coordinates=coordinates)


def _feature(geometry: Schema) -> Schema:
    null: Schema = {"type": "null"}
    feature = _typed("Feature", geometry={"oneOf": [null, geometry]}, properties={"type": ["object", "null"]})
    feature["properties"]["id"] = {"type": ["string", "number"]}
    return feature


def _bbox() -> Schema:
    sizes = [{"minItems": size, "maxItems": size} for size in (4, 6)]
    return {
        "title": "Bounding box",
        "type": "object",
        "required": ["bbox"],
        "properties": {
            "bbox": {"type": "array", "oneOf": sizes, "items": {"type": "number"}},
            "crs": {"type": "string", "format": "uri", "default": CRS84},
        },
    }
