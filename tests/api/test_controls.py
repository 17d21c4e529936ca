"""The controls of a form: one for every schema, and each is rendered as text."""

import re
from typing import Any

import html5lib
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from serving import ROOT

from fastprocesses_server.api.controls import CRS84, Control, Kind, fields
from fastprocesses_server.api.form import LARGEST_EXAMPLE, form_facts
from fastprocesses_server.api.pages import STATIC
from fastprocesses_server.api.processes import description
from fastprocesses_server.api.representation import Page, render
from fastprocesses_server.links import Urls
from fastprocesses_server.processes.bundled import bundled_schemas
from fastprocesses_server.processes.description import Process
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.processes.schema_faults import schema_faults
from fastprocesses_server.settings import Settings

Schema = dict[str, Any]
GEOJSON = "https://geojson.org/schema/"
BBOX = next(address for address in bundled_schemas() if "bbox" in address)


def control(schema: Schema, **described: Any) -> Control:
    return fields(process(schema, **described))[0].control


def process(schema: Schema, **described: Any) -> Process:
    one = {"schema": schema, **described}
    return Process.model_validate(
        {"id": "p", "version": "1", "callable": "m:f", "fingerprint": "", "source": "p.yaml", "inputs": {"x": one}}
    )


DEFAULT = Settings()


def page(one: Process, settings: Settings = DEFAULT) -> str:
    """The page of the process; strict about its HTML."""
    facts = form_facts(one, "sync")
    text = render(
        settings, "/processes/p", Page("process.html", "P", (), facts), description(one, Urls("http://h")), []
    )
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    return text


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, Kind.LINES),
        ({"type": "string", "maxLength": 20}, Kind.TEXT),
        ({"type": "string", "maxLength": 1000}, Kind.LINES),
        ({"type": "string", "pattern": "^a"}, Kind.TEXT),
        ({"type": "string", "format": "uri"}, Kind.TEXT),
        ({"type": "string", "format": "date"}, Kind.DATE),
        ({"type": "string", "format": "time"}, Kind.TIME),
        ({"type": "string", "format": "date-time"}, Kind.DATE_TIME),
        ({"format": "date-time"}, Kind.DATE_TIME),
        ({"type": "string", "contentMediaType": "text/csv"}, Kind.LINES),
        ({"type": "string", "contentEncoding": "base64"}, Kind.BINARY),
        ({"type": "string", "format": "byte"}, Kind.BINARY),
        ({"type": "string", "enum": ["a", "b"]}, Kind.ENUM),
        ({"const": 5}, Kind.ENUM),
        ({"type": "number"}, Kind.NUMBER),
        ({"type": "integer"}, Kind.INTEGER),
        ({"type": ["integer", "null"]}, Kind.INTEGER),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, Kind.INTEGER),
        ({"type": ["integer", "string"]}, Kind.CHOICE),
        ({"type": "boolean"}, Kind.BOOLEAN),
        ({"type": "array"}, Kind.ARRAY),
        ({"items": {"type": "number"}}, Kind.ARRAY),
        ({"type": "object", "properties": {"a": {}}}, Kind.OBJECT),
        ({"type": "object"}, Kind.MAP),
        ({"type": "object", "additionalProperties": {"type": "number"}}, Kind.MAP),
        ({"type": "object", "additionalProperties": False}, Kind.JSON),
        ({}, Kind.CHOICE),
        ({"not": {}}, Kind.JSON),
        ({"$ref": BBOX}, Kind.BBOX),
        ({"format": "ogc-bbox", "type": "object"}, Kind.BBOX),
        ({"format": "http://www.opengis.net/def/format/ogcapi-processes/0/ogc-bbox"}, Kind.BBOX),
        ({"format": "geojson-geometry", "type": "object"}, Kind.GEOJSON),
        ({"type": "object", "contentMediaType": "application/geo+json"}, Kind.GEOJSON),
        *(({"$ref": address}, Kind.GEOJSON) for address in bundled_schemas() if address.startswith(GEOJSON)),
        ({"allOf": [{"type": "object", "properties": {"a": {}}}, {"properties": {"b": {}}}]}, Kind.OBJECT),
        ({"type": "number", "anyOf": [{"minimum": 5}, {"maximum": 1}]}, Kind.NUMBER),
        ({"oneOf": [{"type": "string"}, {"type": "string"}]}, Kind.LINES),
    ],
)
def test_a_schema_has_its_control(schema: Schema, kind: Kind) -> None:
    assert control(schema).kind == kind


@pytest.mark.parametrize(
    ("schema", "limits", "attributes"),
    [
        ({"type": "number", "minimum": 1, "maximum": 9}, ("1 to 9",), {"step": "any", "min": "1", "max": "9"}),
        ({"type": "number", "exclusiveMinimum": 0}, ("more than 0",), {"step": "any", "min": "0"}),
        ({"type": "integer", "maximum": 9}, ("at most 9", "whole numbers"), {"step": "1", "max": "9"}),
        ({"type": "number", "multipleOf": 0.5}, ("multiples of 0.5",), {"step": "0.5"}),
        ({"type": "string", "minLength": 1, "maxLength": 9}, ("1 to 9 characters",), {"maxlength": "9"}),
        ({"type": "string", "pattern": "^a"}, ("pattern ^a",), {"pattern": "^a"}),
        ({"type": "array", "minItems": 2, "uniqueItems": True}, ("at least 2 items", "no item twice"), {}),
        ({"type": "array", "minItems": 1, "maxItems": 1}, ("1 item",), {}),
        ({"type": "string", "format": "byte", "contentMediaType": "image/png"}, ("image/png",), {}),
    ],
)
def test_limits_are_told_and_given_to_the_browser(
    schema: Schema, limits: tuple[str, ...], attributes: dict[str, str]
) -> None:
    assert control(schema).limits == limits
    assert control(schema).attributes == attributes


def test_a_field_knows_how_often_it_is_sent_and_in_which_unit() -> None:
    described = {"minOccurs": 2, "maxOccurs": 5, "metadata": [{"role": "unit", "title": "m"}]}
    [many] = fields(process({"type": "number", "default": 1}, **described))
    assert many.takes_many
    assert not many.is_required
    assert many.control.default == (1,)
    assert many.limits == ("at most 5 values",)
    assert many.unit == "m"
    [one] = fields(process({"type": "number", "x-ogc-unit": "km"}))
    assert one.is_required
    assert one.unit == "km"


def test_a_choice_of_media_types_says_which_is_meant() -> None:
    offered = [{"type": "string", "contentMediaType": "text/csv"}, {"$ref": GEOJSON + "Point.json"}]
    named = [{"type": "string", "contentMediaType": "text/csv"}, {"type": "object", "contentMediaType": "a/b+json"}]
    choice = control({"oneOf": named})
    assert [one.media_type for one in choice.choices] == ["text/csv", "a/b+json"]
    assert [one.kind for one in control({"oneOf": offered}).choices] == [Kind.LINES, Kind.GEOJSON]


def test_kinds_of_geojson_share_a_control() -> None:
    both = [{"$ref": GEOJSON + "Point.json"}, {"$ref": GEOJSON + "FeatureCollection.json"}]
    assert control({"oneOf": both}).limits == ("Point or FeatureCollection",)


def test_members_that_are_called_value_or_href_belong_to_the_value() -> None:
    [one] = fields(process({"type": "object", "properties": {"value": {}, "href": {}}}))
    assert one.own == ("value", "href")


def test_no_input_that_is_shipped_needs_json() -> None:
    def kinds(one: Control) -> set[Kind]:
        inner = [*one.members.values(), *one.choices, *([one.items] if one.items else [])]
        return {one.kind}.union(*map(kinds, inner)) if one.kind != Kind.MAP else {one.kind}

    for one in load_registry(ROOT / "processes.d").values():
        for field in fields(one):
            assert Kind.JSON not in kinds(field.control), field.name


@pytest.mark.parametrize(
    ("crs", "map_crs"),
    [
        ({}, ""),
        ({"enum": [CRS84, "EPSG:32618"], "default": "EPSG:32618"}, CRS84),
        ({"default": "EPSG:32618"}, CRS84),
        ({"enum": ["EPSG:32618"]}, None),
    ],
)
def test_a_bounding_box_is_dragged_on_a_map_where_it_may_be_of_degrees(crs: Schema, map_crs: str | None) -> None:
    schema = {"type": "object", "properties": {"bbox": {"type": "array"}, "crs": {"type": "string", **crs}}}
    assert control(schema).map_crs == map_crs
    assert ("data-map" in page(process(schema))) == (map_crs is not None)


MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'\u202e"


def test_markup_is_text_wherever_an_author_or_an_example_has_it() -> None:
    inner = {"title": MARKUP, "description": MARKUP, "type": "string", "default": MARKUP, "pattern": "</script>\"'"}
    values = {"enum": [MARKUP], "title": MARKUP}
    schema = {"type": "object", "title": MARKUP, "properties": {MARKUP: inner, "b": values, "c": {"items": inner}}}
    described = {"title": MARKUP, "description": MARKUP, "keywords": [MARKUP]}
    one = process(schema, **described, metadata=[{"role": "unit", "title": MARKUP}])
    other = one.model_copy(update={"inputs": {MARKUP: one.inputs["x"]}, "title": MARKUP})
    text = page(
        Process.model_validate({**other.model_dump(by_alias=True), "examples": {MARKUP: {"inputs": {"x": MARKUP}}}})
    )
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    assert [script.get("src") or script.get("id") for script in tree.iter("script")] == [
        "../static/lists.js",
        "../static/objects.js",
        "../static/form.js",
        "examples",
    ]
    assert all(image.get("src", "").startswith("../static/") for image in tree.iter("img"))
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
    assert MARKUP not in text


def test_the_form_says_which_urls_are_taken_and_whether_a_key_is_asked_for() -> None:
    one = process({"type": "string"})
    assert '<option value="reference">URL</option>' in page(one)
    assert "data-key-header" not in page(one)
    closed = page(one, Settings(references=False, auth="optional"))
    assert '<option value="reference">URL of an output here</option>' in closed
    assert 'data-key-header="X-API-Key"' in closed


def test_an_example_that_is_large_is_named_and_left_out() -> None:
    large = {"big": {"inputs": {"x": "y" * LARGEST_EXAMPLE}}, "small": {"inputs": {"x": "y"}}}
    one = process({"type": "string"}).model_copy(update={"examples": {}})
    facts = form_facts(Process.model_validate({**one.model_dump(by_alias=True), "examples": large}), "sync")
    assert list(facts["examples"]) == ["small"]
    assert facts["left_out"] == ["big"]


TYPES = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", MARKUP]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=3,
)


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from(["a", "bbox", "crs", "type", "coordinates", MARKUP]), inner, max_size=3)
    keywords = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "const": VALUES,
        "enum": st.lists(VALUES, max_size=3),
        "format": st.sampled_from(["date", "time", "date-time", "uri", "byte", "ogc-bbox", "geojson-geometry"]),
        "contentMediaType": st.sampled_from(["image/png", "text/csv", "application/geo+json", "application/json"]),
        "contentEncoding": st.just("base64"),
        **dict.fromkeys(["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"], st.integers(-2, 2)),
        "multipleOf": st.sampled_from([1, 0.5]),
        **dict.fromkeys(["minLength", "maxLength", "minItems", "maxItems", "minProperties"], st.integers(0, 3)),
        "required": st.lists(st.sampled_from("ab"), max_size=2, unique=True),
        "pattern": st.sampled_from(["^a", "[\"'<]"]),
        "title": st.sampled_from(["T", MARKUP]),
        "$ref": st.sampled_from(["#", "#/$defs/a", GEOJSON + "Geometry.json", BBOX]),
        **dict.fromkeys(["items", "not", "additionalProperties"], inner),
        "properties": named,
        **dict.fromkeys(["allOf", "anyOf", "oneOf", "prefixItems"], several),
    }
    names = st.lists(st.sampled_from(sorted(keywords)), max_size=4, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: keywords[name] for name in chosen}))


TOPS = st.builds(
    lambda schema, a: {**schema, "$defs": {"a": a}},
    schemas(st.recursive(st.booleans() | schemas(st.booleans()), schemas, max_leaves=5)),
    schemas(st.booleans()),
)


def kinds_known_to(text: str) -> set[str]:
    """What the scripts of a page read."""
    scripts = re.findall(r'static/([\w.]+\.js)"', text)
    return {kind for script in scripts for kind in re.findall(KIND, (STATIC / script).read_text(), re.MULTILINE)}


KIND = r"^(?:KINDS\.|  )(\w+)(?: = |: )\{"


def test_a_form_has_the_scripts_of_its_controls_alone() -> None:
    assert kinds_known_to(page(process({"type": "number"}))) == {"text", "number", "enum", "json", "slot"}
    assert form_facts(process({"type": "number"}), "sync")["scripts"] == ["form.js"]
    assert form_facts(process({"type": "number"}, maxOccurs=3), "sync")["scripts"] == ["lists.js", "form.js"]
    nested = {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "string", "format": "time"}}}}
    assert form_facts(process(nested), "sync")["scripts"] == ["moments.js", "lists.js", "objects.js", "form.js"]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=TOPS, most=st.sampled_from([1, 3, "unbounded"]))
def test_every_schema_that_is_taken_has_a_control_that_renders(schema: Schema, most: int | str) -> None:
    assume(not schema_faults(schema))
    text = page(process(schema, maxOccurs=most, title=MARKUP))
    assert MARKUP not in text
    assert 'data-field="x"' in text
    assert set(re.findall(r'data-kind="([\w-]+)"', text)) <= kinds_known_to(text)
