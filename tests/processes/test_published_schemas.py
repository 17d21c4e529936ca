import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fastprocesses_server.processes.bundled import bundled_schemas
from fastprocesses_server.processes.published import published
from fastprocesses_server.processes.schema_faults import schema_faults
from fastprocesses_server.processes.schemas import compile_schema

LOADER = Path(__file__).parents[2].parent / "shared" / "ogc" / "ogc_schemas.py"


@pytest.fixture(scope="module")
def closed_schema() -> Any:
    """The verbatim schema.yaml of version 1.0."""
    if not LOADER.exists():
        pytest.skip("the standard's schemas are not beside the checkout")
    spec = importlib.util.spec_from_file_location("ogc_schemas", LOADER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.validator("v1.0", "schema.yaml")


NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"const": 5}, {"enum": [5]}),
        ({"const": 5, "enum": [5, 6]}, {"enum": [5], "allOf": [{"enum": [5, 6]}]}),
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["string", "integer"]}, {"oneOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"type": ["number", "integer"]}, {"type": "number"}),
        ({"type": "null"}, {"enum": [None]}),
        ({"exclusiveMinimum": 0, "maximum": 9}, {"minimum": 0, "exclusiveMinimum": True, "maximum": 9}),
        ({"exclusiveMinimum": 0, "minimum": 5}, {"minimum": 5}),
        ({"exclusiveMaximum": 5, "maximum": 5}, {"maximum": 5, "exclusiveMaximum": True}),
        ({"minimum": 0, "exclusiveMinimum": True}, {"minimum": 0, "exclusiveMinimum": True}),
        ({"examples": [1, 2]}, {"example": 1}),
        ({"examples": [1], "example": 3}, {"example": 3}),
        ({"$schema": "x", "$comment": "x", "x-y": 1, "if": {}, "contains": {}, "prefixItems": [{}]}, {}),
        ({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}, {"type": "string"}),
        (
            {"$defs": {"a": {"minLength": 1}}, "items": {"$ref": "#/$defs/a", "title": "A"}},
            {"items": {"allOf": [{"minLength": 1}], "title": "A"}},
        ),
        (
            {"$defs": {"node": NODE}, "$ref": "#/$defs/node"},
            {"type": "object", "properties": {"next": {}}},
        ),
        ({"oneOf": [{"if": {}, "type": "string"}, {}]}, {"anyOf": [{"type": "string"}, {}]}),
        ({"not": {"propertyNames": {"maxLength": 1}}}, {}),
        ({"not": {"type": "string"}}, {"not": {"type": "string"}}),
        ({"patternProperties": {"^x": {}}, "additionalProperties": False}, {}),
        ({"prefixItems": [{"type": "string"}], "items": False}, {}),
        ({"items": False}, {"items": {"not": {}}}),
        ({"enum": []}, {"not": {}}),
        ({"required": []}, {}),
        ({"minLength": 2.0}, {"minLength": 2}),
        (
            {"type": "string", "contentMediaType": "image/png", "contentEncoding": "base64"},
            {"type": "string", "contentMediaType": "image/png", "contentEncoding": "base64"},
        ),
        ({"contentSchema": "http://example.org/a.xsd"}, {"contentSchema": "http://example.org/a.xsd"}),
        ({"contentSchema": {"type": "object"}}, {}),
        ({"format": "dateTime"}, {"format": "date-time"}),
    ],
)
def test_the_view_says_what_version_1_0_can_say(
    schema: dict[str, Any], expected: dict[str, Any], closed_schema: Any
) -> None:
    assert published(schema) == expected
    closed_schema.validate(expected)


def test_the_bundled_schemas_are_written_out(closed_schema: Any) -> None:
    for address in bundled_schemas():
        view = published({"allOf": [{"$ref": address}]})
        closed_schema.validate(view)
        assert "$ref" not in str(view)


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab", "b"])
JSON = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from("ab"), v, max_size=2), max_leaves=4
)
TYPES = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])
NUMBER = st.integers(-2, 2)
COUNT = st.integers(0, 2)


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    several = st.lists(inner, min_size=1, max_size=3)
    keywords = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "const": JSON,
        "enum": st.lists(JSON, max_size=3),
        **dict.fromkeys(["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"], NUMBER),
        **dict.fromkeys(["minLength", "maxLength", "minItems", "maxItems", "minProperties"], COUNT),
        "required": st.lists(st.sampled_from("ab"), max_size=2, unique=True),
        "pattern": st.sampled_from(["^a", "b$"]),
        "uniqueItems": st.booleans(),
        "examples": st.lists(JSON, max_size=2),
        "$comment": st.just("why"),
        "$ref": st.sampled_from(["#", "#/$defs/a", "#/$defs/b"]),
        **dict.fromkeys(["items", "not", "if", "then", "else", "contains", "propertyNames"], inner),
        **dict.fromkeys(["additionalProperties", "unevaluatedProperties"], inner),
        **dict.fromkeys(["properties", "patternProperties", "dependentSchemas"], named),
        **dict.fromkeys(["allOf", "anyOf", "oneOf", "prefixItems"], several),
    }
    names = st.lists(st.sampled_from(sorted(keywords)), max_size=4, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: keywords[name] for name in chosen}))


SCHEMAS = st.recursive(st.booleans() | schemas(st.booleans()), schemas, max_leaves=6)
ROOTS = st.builds(lambda schema, a, b: {**schema, "$defs": {"a": a, "b": b}}, schemas(SCHEMAS), SCHEMAS, SCHEMAS)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(schema=ROOTS, values=st.lists(JSON, min_size=1, max_size=8))
def test_the_view_fits_version_1_0_and_is_never_tighter(
    schema: dict[str, Any], values: list[Any], closed_schema: Any
) -> None:
    assume(not schema_faults(schema))
    view = published(schema)
    closed_schema.validate(view)
    checked, shown = compile_schema(schema), compile_schema(view)
    for value in values:
        assert shown.is_valid(value) or not checked.is_valid(value)
