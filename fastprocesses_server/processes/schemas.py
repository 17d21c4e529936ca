"""The schemas of inputs and outputs: checked when the files are read, compiled for the requests."""

from typing import Any, NoReturn

import jsonschema_rs

from .bundled import bundled_schemas
from .dialects import modern
from .keywords import DEFINITIONS
from .references import target_of

Schema = dict[str, Any]

TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"]


def compile_schema(schema: Schema, *, root: Schema | None = None) -> jsonschema_rs.Draft202012Validator:
    """Asserts formats and opens no socket. `root` has the `$defs` of a schema that is a part of it.

    Raises ValueError for a schema that has not passed its check.
    """
    definitions = {name: (root or {})[name] for name in DEFINITIONS if name in (root or {})}
    return jsonschema_rs.Draft202012Validator(
        modern({**definitions, **schema}), validate_formats=True, retriever=_refuse, registry=_registry()
    )


def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry(list(bundled_schemas().items()), retriever=_refuse)


def _refuse(uri: str) -> NoReturn:
    raise LookupError(f"{uri} is not bundled")


ALL_TYPES = frozenset(TYPES)


def json_types(schema: Any, root: Schema | None = None) -> frozenset[str]:
    """Types of the values that a schema may admit, as far as its top says so; what admits numbers admits integers."""
    if not isinstance(schema, dict):
        return ALL_TYPES
    root, admitted = root or schema, ALL_TYPES
    if "type" in schema:
        admitted &= {*as_list(schema["type"]), *(["integer"] if "number" in as_list(schema["type"]) else [])}
    if "enum" in schema or "const" in schema:
        admitted &= {_json_type(value) for value in schema.get("enum", [schema.get("const")])}
    for keyword in ("anyOf", "oneOf"):
        if isinstance(schema.get(keyword), list):
            admitted &= frozenset().union(*(json_types(part, root) for part in schema[keyword]))
    for part in schema["allOf"] if isinstance(schema.get("allOf"), list) else ():
        admitted &= json_types(part, root)
    if str(schema.get("$ref", "")).startswith("#/"):
        admitted &= json_types(target_of(schema["$ref"], root), root)
    return admitted


def _json_type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
