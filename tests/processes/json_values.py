"""JSON values for tests with hypothesis: any, those that fit a schema, and those that nearly do."""

import datetime
import json
import math
import string
from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]

MOMENTS = [
    "0000-01-01", "0001-01-01", "2024-02-29", "2023-02-29", "9999-12-31",
    "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "2020-01-01t00:00:00z", "2020-01-01 00:00:00Z",
    "2020-01-01T00:00:00", "2023-02-29T00:00:00", "2020-01-01T00:00:00.1234567891Z", "2020-01-01T00:00:00+24:00",
    "2020-01-01T24:00:00Z", "9999-12-31T23:59:59-23:59", "03:04", "03:04:05", "03:04:05Z", "23:59:60Z", "03:04:05.5",
    "24:00:00", "03:04:05+01:00", "P", "PT", "P1Y", "P1W", "P1M", "P1D1W", "PT1H1S", "PT0.5S", "-P1D", "+P1D", "p1d",
    "P99999999999D", "P9999999Y", "P999999Y9999999M9999999W99999999D", "PT9999999999999999999S", "1 00:00:00", "PT1,5S",
]  # fmt: skip
TEXTS = [
    "", "a", "abc", "abcd", "red", "green", "1", "-1", "01", "1.5", "1e5", "1e999999999", "+1", ".5", "1.", "NaN",
    "Infinity", " 1", "1_0", "٣", "--1", ".", "true", "True", "yes", "null", "123.45", "12345", "0.123", "99.99",
    "c0ffee00-0000-4000-8000-000000000000", "C0FFEE0000004000800000000000000",
    "urn:uuid:c0ffee00-0000-4000-8000-000000000000",
]  # fmt: skip
NUMBERS = [
    0,
    1,
    2,
    3,
    -1,
    1.0,
    2.0,
    0.5,
    0.15,
    1.5,
    1e300,
    1e-300,
    2**63,
    2**64 - 1,
    -(2**63),
    1.8446744073709552e19,
    99.99,
]
PLAIN = st.one_of(
    st.sampled_from([None, True, False, *NUMBERS, *MOMENTS, *TEXTS]),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
)
MEMBERS = [
    "colour",
    "when",
    "sizes",
    "count",
    "pause",
    "theFirst",
    "first",
    "Second",
    "ident",
    "share",
    "name",
    "below",
]
MEMBERS += ["kind", "lives", "weight", "size", "note", "1", "x", "true", "red", "2020-01-01", "extra"]
ANY_JSON = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=3),
    max_leaves=6,
)

FORMATS = {
    "date": st.dates().map(str),
    "date-time": st.datetimes(timezones=st.just(datetime.UTC)).map(lambda moment: moment.isoformat()),
    "uuid": st.uuids().map(str),
}


def fitting(schema: Any, root: Schema) -> st.SearchStrategy[Any]:
    """Values of which most fit a schema; those in between that do not are as welcome."""
    if not isinstance(schema, dict) or not schema:
        return ANY_JSON
    if "$ref" in schema:
        return st.deferred(lambda: fitting(root["$defs"][schema["$ref"].rpartition("/")[2]], root))
    if parts := schema.get("anyOf", schema.get("oneOf")):
        return st.one_of([fitting({"type": schema.get("type"), **part}, root) for part in parts])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if schema.get("type") in {"array", "object"}:
        return (_arrays if schema["type"] == "array" else _objects)(schema, root)
    return _scalars(schema)


def _scalars(schema: Schema) -> st.SearchStrategy[Any]:
    match schema.get("type"):
        case "integer":
            return _integers(schema)
        case "number":
            least, most = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
            plain = st.floats(least, most, allow_nan=False, allow_infinity=False)
            whole = st.integers(math.ceil(least or -9), int(most or 9))
            return plain | plain.map(lambda number: round(number, 2)) | whole
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case _:
            return _texts(schema)


def _integers(schema: Schema) -> st.SearchStrategy[int]:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -(2**63) - 1) + 1)
    most = schema.get("maximum", schema.get("exclusiveMaximum", 2**64) - 1)
    step = schema.get("multipleOf", 1)
    return st.integers(-(-least // step), most // step).map(lambda number: number * step)


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True, alphabet=string.printable)
    return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 9))


def _arrays(schema: Schema, root: Schema) -> st.SearchStrategy[list[Any]]:
    if "prefixItems" in schema:
        return st.tuples(*(fitting(part, root) for part in schema["prefixItems"])).map(list)
    unique = json.dumps if schema.get("uniqueItems") else None
    items = fitting(schema.get("items"), root)
    return st.lists(items, min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 3), unique_by=unique)


def _objects(schema: Schema, root: Schema) -> st.SearchStrategy[dict[str, Any]]:
    members = {name: fitting(part, root) for name, part in schema.get("properties", {}).items()}
    required = {name: members[name] for name in schema.get("required", [])}
    optional = {name: values for name, values in members.items() if name not in required}
    if members:
        return st.fixed_dictionaries(required, optional=optional)
    names = fitting({"type": "string", **schema.get("propertyNames", {})}, root)
    return st.dictionaries(names, fitting(schema.get("additionalProperties"), root), max_size=3)


@st.composite
def changed(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> Any:
    """A value with one of its parts exchanged, left out or doubled."""
    value = draw(values)
    match value:
        case list() if value and draw(st.booleans()):
            at = draw(st.integers(0, len(value) - 1))
            others = draw(st.one_of(ANY_JSON.map(lambda new: [new]), st.just([]), st.just([value[at]] * 2)))
            return [*value[:at], *others, *value[at + 1 :]]
        case dict() if value and draw(st.booleans()):
            name = draw(st.sampled_from(sorted(value)))
            rest = {key: member for key, member in value.items() if key != name}
            return draw(st.sampled_from([rest, {**value, name: draw(ANY_JSON)}, {**value, "extra": draw(ANY_JSON)}]))
        case _:
            return draw(ANY_JSON)
