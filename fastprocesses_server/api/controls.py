"""The controls of a form: what people enter the inputs of a process with, decided from the published schemas."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from ..execution.inputs import declared_members
from ..execution.media_type import alternatives, declared_media_type, holds_binary, media_type_of
from ..processes.description import Input, Process
from ..processes.published import published

Schema = dict[str, Any]

DEEPEST = 6
"""Levels of lists and objects, over which a value is written as JSON."""
MOST_AT_FIRST = 10
"""Items of a list that are there before any is added."""
SHORT_TEXT = 100
"""Characters up to which a text has one line."""
MOST_MEMBERS = 60
"""Of an object; of more, the value is written as JSON."""
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOMETRIES = frozenset(
    ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]
)
GEOJSON = GEOMETRIES | {"Feature", "FeatureCollection"}
SHAPING = frozenset(
    ["type", "properties", "items", "enum", "format", "contentMediaType", "contentEncoding", "allOf", "anyOf", "oneOf"]
)
"""Keywords of an alternative that make it another control; the others only limit."""


class Kind(StrEnum):
    TEXT = "text"
    LINES = "lines"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    ENUM = "enum"
    DATE = "date"
    TIME = "time"
    DATE_TIME = "date-time"
    ARRAY = "array"
    OBJECT = "object"
    MAP = "map"
    """An object whose names are free."""
    CHOICE = "choice"
    """One of several controls."""
    BBOX = "bbox"
    GEOJSON = "geojson"
    BINARY = "binary"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control; `limits` tell people what the server will check."""

    kind: Kind
    title: str = ""
    description: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Of the HTML element."""
    limits: tuple[str, ...] = ()
    default: tuple[Any, ...] = ()
    """None or one."""
    options: tuple[Any, ...] = ()
    """Values of an enum."""
    map_crs: str | None = None
    """Of a bounding box: the CRS that degrees need to be named with; "" where none, None where it takes no degrees."""
    items: "Control | None" = None
    """Of an array, and the values of a map."""
    least: int = 0
    """Items of an array that are there to begin with."""
    members: Mapping[str, "Control"] = field(default_factory=dict)
    """Of an object."""
    required: frozenset[str] = frozenset()
    """Names of members."""
    choices: tuple["Control", ...] = ()
    media_type: str = ""
    """What the request says the value is, where the schema offers several."""
    accept: str = ""
    """Media type of the file that may be chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input in the form."""

    name: str
    title: str
    control: Control
    is_required: bool
    takes_many: bool
    """Whether each of several values is sent, and may be referred to, on its own."""
    least: int
    most: int | None
    unit: str
    own: tuple[str, ...]
    """Which of `value` and `href` are members of the value itself: they qualify nothing."""

    @property
    def limits(self) -> tuple[str, ...]:
        values = _count("value", self.least, self.most) if self.takes_many else ()
        return (*values, *self.control.limits)


def fields(process: Process) -> list[Field]:
    return [_field(name, described) for name, described in process.inputs.items()]


def _field(name: str, described: Input) -> Field:
    view = published(described.schema_)
    most = None if described.max_occurs == "unbounded" else described.max_occurs
    return Field(
        name=name,
        title=described.title or name,
        control=_of_media_types(described.schema_, view),
        is_required=described.is_required,
        takes_many=described.takes_many,
        least=described.min_occurs if described.is_required else 0,
        most=most,
        unit=_unit(described),
        own=tuple(name for name in ("value", "href") if name in declared_members(described.schema_)),
    )


def _unit(described: Input) -> str:
    """`x-ogc-unit` of the schema, or metadata of the role `unit`."""
    named = [m.title for m in described.metadata or () if (m.role or "").rpartition("/")[2] in ("unit", "uom")]
    unit = described.schema_.get("x-ogc-unit") or next(iter(named), None)
    return unit if isinstance(unit, str) else ""


def _of_media_types(schema: Schema, view: Schema) -> Control:
    """A choice of the media types among which the request can name one; else what the schema alone says."""
    offered, views = alternatives(schema), view.get("oneOf") or view.get("anyOf") or []
    types = [media_type_of(member) for member in offered]
    if len(set(types)) < 2 or len(offered) != len(views):
        return control_of(view)
    rest = {keyword: value for keyword, value in view.items() if keyword not in ("oneOf", "anyOf")}
    return _choice(
        [_of(media_type, control_of(_merged(rest, one))) for one, media_type in zip(views, types, strict=True)]
    )


def _of(media_type: str, control: Control) -> Control:
    """Its title says the media type, so that its limits need not."""
    return replace(
        control,
        media_type=media_type,
        title=f"{control.title}, {media_type}" if control.title else media_type,
        limits=tuple(limit for limit in control.limits if limit != media_type),
    )


def control_of(schema: Schema, depth: int = 0) -> Control:
    """The control for values of a published schema, which has no references."""
    whole = _joined(schema)
    control = _shaped(whole, depth)
    return replace(
        control,
        title=_text(whole, "title") or control.title,
        description=_text(whole, "description") or control.description,
        default=_default(whole) or control.default,
    )


def _text(schema: Schema, keyword: str) -> str:
    return schema[keyword] if isinstance(schema.get(keyword), str) else ""


def _default(schema: Schema) -> tuple[Any, ...]:
    return (schema["default"],) if "default" in schema else ()


def _shaped(schema: Schema, depth: int) -> Control:
    if _is_bbox(schema):
        return _bbox(schema)
    if types := _geojson_types(schema):
        return Control(kind=Kind.GEOJSON, limits=_one_of(types), accept=".geojson,.json,application/geo+json")
    if "enum" in schema:
        return _enum(schema["enum"])
    if options := _options(schema):
        rest = {keyword: value for keyword, value in schema.items() if keyword not in ("oneOf", "anyOf")}
        return _choice([control_of(_merged(rest, option), depth + 1) for option in options], depth)
    return BY_TYPE.get(schema.get("type"), _untyped)(schema, depth)


def _untyped(schema: Schema, depth: int) -> Control:
    if "properties" in schema:
        return _object(schema, depth)
    if "items" in schema:
        return _array(schema, depth)
    if {"format", "contentMediaType", "contentEncoding", "pattern"} & schema.keys():
        return _string(schema, depth)
    return Control(kind=Kind.JSON) if schema.get("not") == {} else anything()


def anything() -> Control:
    plain = (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.JSON)
    options = {Kind.BOOLEAN: (True, False)}
    return Control(kind=Kind.CHOICE, choices=tuple(Control(kind=kind, options=options.get(kind, ())) for kind in plain))


def _joined(schema: Schema) -> Schema:
    """The schema with what its `allOf` says."""
    whole = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
    for part in schema.get("allOf", ()):
        whole = _merged(whole, _joined(part))
    return whole


def _merged(first: Schema, second: Schema) -> Schema:
    """Both; of what cannot be joined the second counts."""
    members = {**first.get("properties", {}), **second.get("properties", {})}
    required = [*first.get("required", ()), *second.get("required", ())]
    both = {**first, **second}
    return both | ({"properties": members} if members else {}) | ({"required": required} if required else {})


def _options(schema: Schema) -> list[Schema]:
    """Alternatives that need controls of their own; of `null` beside others, none."""
    options = [_joined(option) for option in schema.get("oneOf") or schema.get("anyOf") or ()]
    if not any(SHAPING & option.keys() for option in options):
        return []
    return [option for option in options if option.get("enum") != [None]] or options


def _choice(controls: Sequence[Control], depth: int = 0) -> Control:
    """Of those that differ; different kinds of GeoJSON go into one."""
    if all(one.kind == Kind.GEOJSON for one in controls):
        types = dict.fromkeys(limit for one in controls for limit in one.limits)
        return replace(controls[0], title="", limits=_one_of(name for limit in types for name in limit.split(" or ")))
    kept = list({repr(one): one for one in controls}.values())
    if len(kept) == 1:
        return kept[0]
    return Control(kind=Kind.CHOICE, choices=tuple(kept)) if depth < DEEPEST else Control(kind=Kind.JSON)


def _one_of(names: Iterable[str]) -> tuple[str, ...]:
    return (" or ".join(dict.fromkeys(names)),)


def _enum(values: Sequence[Any]) -> Control:
    return Control(kind=Kind.ENUM, options=tuple(values))


def _geojson_types(schema: Schema) -> list[str]:
    """Of a schema that is one of GeoJSON, by what it declares or how it is built; in its own order where it has one."""
    members = schema.get("properties", {})
    named = members.get("type", {}).get("enum", []) if isinstance(members, dict) else []
    if named and set(map(str, named)) <= GEOJSON and {"coordinates", "features", "geometry", "geometries"} & {*members}:
        return list(map(str, named))
    if options := schema.get("oneOf") or schema.get("anyOf"):
        found = [_geojson_types(_joined(option)) for option in options]
        if all(found):
            return list(dict.fromkeys(name for names in found for name in names))
    name = str(schema.get("format", "")).rpartition("/")[2]
    formats = {"geojson-feature": ["Feature"], "geojson-feature-collection": ["FeatureCollection"]}
    if name.startswith("geojson-"):
        return formats.get(name, ["a geometry of GeoJSON"])
    return ["GeoJSON"] if declared_media_type(schema) == "application/geo+json" else []


def _is_bbox(schema: Schema) -> bool:
    members = schema.get("properties", {})
    if str(schema.get("format", "")).rpartition("/")[2] == "ogc-bbox":
        return not members or "bbox" in members
    return {*members} <= {"bbox", "crs"} and _joined(members.get("bbox", {})).get("type") == "array"


def _bbox(schema: Schema) -> Control:
    """Four fields, and the crs: one of those that the schema names, or any."""
    crs = _joined(schema.get("properties", {}).get("crs", {}))
    offered = crs.get("enum")
    default = _default(crs) or (CRS84,)
    member = _enum(offered) if offered else Control(kind=Kind.TEXT, attributes={"inputmode": "url"})
    named = "" if default == (CRS84,) else CRS84
    map_crs = named if not offered or CRS84 in offered else None
    return Control(kind=Kind.BBOX, members={"crs": replace(member, title="CRS", default=default)}, map_crs=map_crs)


TIMES = {"date": Kind.DATE, "time": Kind.TIME, "date-time": Kind.DATE_TIME}


def _string(schema: Schema, _: int) -> Control:
    declared = declared_media_type(schema) or ""
    if holds_binary(schema):
        return Control(kind=Kind.BINARY, accept=declared, limits=(declared,) if declared else ())
    if kind := TIMES.get(str(schema.get("format"))):
        return Control(kind=kind)
    most, pattern = schema.get("maxLength"), _text(schema, "pattern")
    attributes = {"maxlength": str(most)} if most is not None else {}
    counted = _count("character", schema.get("minLength", 0), most)
    said = [declared, _text(schema, "format"), *counted, f"pattern {pattern}" if pattern else ""]
    is_short = bool(pattern) or "format" in schema or (most is not None and most <= SHORT_TEXT)
    return Control(
        kind=Kind.TEXT if is_short and not declared else Kind.LINES,
        attributes=attributes | ({"pattern": pattern} if pattern else {}),
        limits=tuple(filter(None, said)),
        accept=declared,
    )


def _number(schema: Schema, _: int) -> Control:
    is_whole = schema["type"] == "integer"
    step = schema.get("multipleOf")
    attributes = {"step": str(step or (1 if is_whole else "any"))}
    if "minimum" in schema:
        attributes["min"] = str(schema["minimum"])
    if "maximum" in schema:
        attributes["max"] = str(schema["maximum"])
    limits = [*_range(schema), *([f"multiples of {step}"] if step else []), *(["whole numbers"] if is_whole else [])]
    return Control(kind=Kind.INTEGER if is_whole else Kind.NUMBER, attributes=attributes, limits=tuple(limits))


def _range(schema: Schema) -> list[str]:
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum") is True, schema.get("exclusiveMaximum") is True
    if least is not None and most is not None and not above and not below:
        return [f"{least} to {most}"]
    low = [f"{'more than' if above else 'at least'} {least}"] if least is not None else []
    high = [f"{'less than' if below else 'at most'} {most}"] if most is not None else []
    return low + high


def _count(noun: str, least: int, most: int | None) -> tuple[str, ...]:
    if least and most is not None:
        return (f"{least} to {most} {noun}s" if least < most else f"{least} {noun}{'s' * (least != 1)}",)
    if most is not None:
        return (f"at most {most} {noun}{'s' * (most != 1)}",)
    return (f"at least {least} {noun}{'s' * (least != 1)}",) if least else ()


def _array(schema: Schema, depth: int) -> Control:
    if depth >= DEEPEST:
        return Control(kind=Kind.JSON)
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    limits = [*_count("item", least, most), *(["no item twice"] if schema.get("uniqueItems") else [])]
    items = control_of(schema.get("items", {}), depth + 1)
    return Control(kind=Kind.ARRAY, items=items, least=min(max(least, 1), MOST_AT_FIRST), limits=tuple(limits))


def _object(schema: Schema, depth: int) -> Control:
    members = schema.get("properties", {})
    if depth >= DEEPEST or len(members) > MOST_MEMBERS:
        return Control(kind=Kind.JSON)
    if not members:
        return _map(schema, depth)
    controls = {name: control_of(member, depth + 1) for name, member in members.items()}
    return Control(kind=Kind.OBJECT, members=controls, required=frozenset(schema.get("required", ())))


def _map(schema: Schema, depth: int) -> Control:
    values = schema.get("additionalProperties", True)
    if values is False:
        return Control(kind=Kind.JSON)
    items = control_of(values, depth + 1) if isinstance(values, dict) else anything()
    return Control(
        kind=Kind.MAP,
        items=items,
        limits=_count("member", schema.get("minProperties", 0), schema.get("maxProperties")),
    )


def _boolean(_: Schema, __: int) -> Control:
    return Control(kind=Kind.BOOLEAN, options=(True, False))


BY_TYPE: Mapping[Any, Callable[[Schema, int], Control]] = {
    "array": _array,
    "boolean": _boolean,
    "integer": _number,
    "number": _number,
    "object": _object,
    "string": _string,
}
