"""Schemas that the words of a docstring suggest: for an author to look over, never to be inferred."""

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from ..processes.annotations import BINARY
from ..processes.references import target_of
from ..processes.schemas import compile_schema

Schema = dict[str, Any]

GEOMETRY: Schema = {"type": "object", "format": "geojson-geometry"}
ARRAY: Schema = {"type": "array"}
MEANINGS: tuple[tuple[str, Schema], ...] = (
    ("float number double scalar real numeric", {"type": "number"}),
    ("int integer", {"type": "integer"}),
    ("bool boolean", {"type": "boolean"}),
    ("str string text", {"type": "string"}),
    ("dict mapping", {"type": "object"}),
    ("array_like array-like ndarray array list sequence iterable tuple", ARRAY),
    ("bytes path path-like pathlike file", BINARY),
    ("date", {"type": "string", "format": "date"}),
    ("datetime", {"type": "string", "format": "date-time"}),
    ("geometry point linestring polygon multipoint multilinestring multipolygon", GEOMETRY),
)
WORDS = {word: schema for words, schema in MEANINGS for word in words.split()}
OF = re.compile(r"(?:list|sequence|iterable|tuple|array)s?\s*(?:of\s+(?P<of>.+)|\[(?P<inner>.+?)(?:,\s*\.\.\.)?\])")
CHOICE = re.compile(r"\{(?P<values>[^{}]+)\}")
TYPES = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))


def suggested_schema(documented: Mapping[str, Any]) -> Schema | None:
    """After the `type` that the docstring names, else after the `default`; with the default where both fit."""
    default = documented.get("default")
    schema = _schema(str(documented.get("type", ""))) or _schema_of_default(default)
    if schema and default is not None and compile_schema(schema).is_valid(default):
        return {**schema, "default": default}
    return schema


def _schema(words: str) -> Schema | None:
    """Of several types, the first that means something."""
    found = (_of_one(part) for part in _alternatives(words))
    return next((schema for schema in found if schema), None)


def _alternatives(words: str) -> list[str]:
    """`float or array_like, optional` are two; what stands in brackets stays together."""
    parts = re.split(r"(?:\s+or\s+|\s*\|\s*|,\s*)(?![^{\[(]*[}\])])", words)
    return [part.strip("` ") for part in parts]


def _of_one(word: str) -> Schema | None:
    if choice := CHOICE.fullmatch(word):
        return _one_of(choice["values"])
    if match := OF.fullmatch(word.lower()):
        items = _schema((match["of"] or match["inner"]).rstrip("s"))
        return {**ARRAY, "items": items} if items else ARRAY
    last = word.rpartition(".")[2].lower()
    return dict(WORDS[last]) if last in WORDS else None


def _one_of(values: str) -> Schema | None:
    try:
        listed = ast.literal_eval(f"[{values}]")
    except (SyntaxError, ValueError):
        return None
    is_plain = all(isinstance(value, str | int | float) for value in listed)
    return {"enum": listed} if is_plain else None


def _schema_of_default(default: Any) -> Schema | None:
    return next(({"type": name} for kind, name in TYPES if isinstance(default, kind)), None)


POINT = {"type": "Point", "coordinates": [5.12, 52.09]}
SAMPLES: tuple[Any, ...] = (
    1,
    0.5,
    10,
    "text",
    True,
    [1, 2, 3],
    [],
    {},
    "2026-01-31",
    "2026-01-31T12:00:00Z",
    "12:00:00Z",
)
MORE_SAMPLES: tuple[Any, ...] = (
    "P1D",
    "https://example.org",
    "3f2b8f0e-6d0a-4c1b-9d0e-2f1a6b7c8d90",
    POINT,
    {"bbox": [4.9, 52.0, 5.2, 52.2]},
    {"type": "Feature", "geometry": POINT, "properties": {}},
    {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": POINT, "properties": {}}]},
)


def sample(schema: Schema, root: Schema | None = None) -> Any:
    """A value that fits; None where none is at hand. `root` has the `$defs` of a schema that is a part of it."""
    root = schema if root is None else root
    if str(schema.get("$ref", "")).startswith("#/"):
        return sample(target_of(schema["$ref"], root), root)
    named = [schema[name] for name in ("default", "const", "example") if name in schema]
    listed = [value for name in ("examples", "enum") for value in schema.get(name, [])[:1]]
    validator = compile_schema(schema, root=root)
    candidates = chain(named, listed, SAMPLES, MORE_SAMPLES, _built(schema, root))
    return next((value for value in candidates if validator.is_valid(value)), None)


def _built(schema: Schema, root: Schema) -> Iterator[Any]:
    """Of parts, as far as they are needed."""
    properties: Schema = schema.get("properties", {})
    parts: list[Schema] = schema.get("prefixItems", [])
    if properties:
        needed = [name for name in schema.get("required", properties) if name in properties]
        yield {name: sample(properties[name], root) for name in needed}
    if parts:
        yield [sample(part, root) for part in parts]
    if isinstance(schema.get("items"), dict):
        yield [sample(schema["items"], root)] * schema.get("minItems", 1)
