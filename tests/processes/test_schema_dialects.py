import socket
from typing import Any

import pytest

from fastprocesses_server.processes.bundled import OGC_FORMAT, bundled_reference, bundled_schemas
from fastprocesses_server.processes.dialects import modern
from fastprocesses_server.processes.schema_faults import schema_faults
from fastprocesses_server.processes.schemas import compile_schema

POINT = {"type": "Point", "coordinates": [1, 2]}
FEATURE = {"type": "Feature", "geometry": POINT, "properties": None}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"minimum": 0, "exclusiveMinimum": True}, {"exclusiveMinimum": 0}),
        ({"maximum": 9, "exclusiveMaximum": False}, {"maximum": 9}),
        ({"exclusiveMinimum": True}, {}),
        ({"exclusiveMinimum": 0.5}, {"exclusiveMinimum": 0.5}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"format": "dateTime"}, {"format": "date-time"}),
        ({"contentSchema": "http://example.org/a.xsd", "type": "string"}, {"type": "string"}),
        ({"items": {"nullable": True, "type": "integer"}}, {"items": {"type": ["integer", "null"]}}),
        ({"enum": [{"nullable": True}]}, {"enum": [{"nullable": True}]}),
        ({"properties": {"nullable": {"type": "null"}}}, {"properties": {"nullable": {"type": "null"}}}),
    ],
)
def test_the_dialect_of_openapi_becomes_json_schema(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert modern(schema) == expected


@pytest.mark.parametrize(
    ("format_", "fits", "does_not"),
    [
        ("geojson-geometry", POINT, {"type": "Pont", "coordinates": [1, 2]}),
        ("geojson-feature", FEATURE, POINT),
        ("geojson-feature-collection", {"type": "FeatureCollection", "features": [FEATURE]}, FEATURE),
        ("ogc-bbox", {"bbox": [1, 2, 3, 4]}, {"bbox": [1, 2, 3, 4, 5]}),
    ],
)
@pytest.mark.parametrize("prefix", ["", OGC_FORMAT])
def test_the_formats_of_ogc_are_really_checked(format_: str, fits: Any, does_not: Any, prefix: str) -> None:
    validator = compile_schema({"format": prefix + format_})
    assert validator.is_valid(fits)
    assert not validator.is_valid(does_not)


def test_standard_formats_are_asserted() -> None:
    assert not compile_schema({"type": "string", "format": "dateTime"}).is_valid("yesterday")
    assert compile_schema({"type": "string", "format": "dateTime"}).is_valid("2026-11-22T21:00:00Z")


@pytest.mark.parametrize(
    "reference",
    [
        "https://geojson.org/schema/FeatureCollection.json",
        "http://geojson.org/schema/Geometry.json",
        "http://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/geometryGeoJSON.yaml",
        "https://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/multipolygonGeoJSON.yaml",
        "../../openapi/schemas/bbox.yaml",
        "bbox.yaml",
        "https://schemas.opengis.net/ogcapi/processes/part1/1.0/openapi/schemas/bbox.yaml",
    ],
)
def test_the_references_of_the_standards_examples_are_bundled(reference: str) -> None:
    assert bundled_reference(reference) in bundled_schemas()
    assert schema_faults({"$ref": reference}) == []


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.org/geojson.org/schema/Geometry.json",
        "https://example.org/bbox.yaml",
        "file:///etc/passwd",
        "other.yaml",
        "https://geojson.org/schema/Geometry.json#/oneOf/0",
        "http://[",
        "//schemas.opengis.net.example.org/bbox.yaml",
    ],
)
def test_other_references_are_faults(reference: str) -> None:
    ((where, what, _),) = schema_faults({"items": {"$ref": reference}})
    assert where == ("items", "$ref")
    assert what == f"{reference} is not bundled, and nothing is fetched; copy it into $defs"


def test_every_bundled_schema_has_no_fault() -> None:
    assert [address for address, schema in bundled_schemas().items() if schema_faults(schema)] == []


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert schema_faults({"$ref": "http://127.0.0.1:9/x.json"})
    with pytest.raises(ValueError, match="not bundled"):
        compile_schema({"$ref": "http://127.0.0.1:9/x.json"})


def test_a_part_of_a_schema_may_use_the_definitions_of_the_whole() -> None:
    root = {"$defs": {"a": {"type": "string"}}, "oneOf": [{"$ref": "#/$defs/a"}, {"type": "integer"}]}
    part = {"$ref": "#/$defs/a"}
    assert compile_schema(part, root=root).is_valid("x")
    assert not compile_schema(part, root=root).is_valid(1)


@pytest.mark.parametrize(
    "schema",
    [
        {"unit": "m", "x-order": 1, "type": "number"},
        {"$ref": "#"},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.org/a"},
        {"type": ["integer", "null"], "default": None},
        {"$defs": {"a/b": {"type": "string"}}, "$ref": "#/$defs/a~1b", "default": "x"},
        {"type": "number", "minimum": 0, "exclusiveMinimum": True, "default": 5},
    ],
)
def test_what_json_schema_allows_is_no_fault(schema: dict[str, Any]) -> None:
    assert schema_faults(schema) == []


def test_a_fault_deep_inside_has_its_place() -> None:
    schema = {"properties": {"a": {"items": {"minLength": -1}}}, "$defs": {"b": {"maximun": 3}}}
    assert schema_faults(schema) == [
        (("properties", "a", "items", "minLength"), '"minLength": -1 is less than the minimum of 0', ""),
        (("$defs", "b", "maximun"), '"maximun" is no keyword of JSON Schema', "maximum"),
    ]


def test_keywords_that_cannot_be_published_by_reference_are_faults() -> None:
    ((_, what, _),) = schema_faults({"$dynamicRef": "#a"})
    assert what == "$dynamicRef is not supported; write $ref: '#/$defs/name'"
