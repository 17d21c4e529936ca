"""The schemas of inputs and outputs: checked when the files are read, compiled for the requests."""

from collections.abc import Iterator
from typing import Any, NoReturn

import jsonschema_rs
from jsonschema import Draft202012Validator, ValidationError

from .bundled import OGC_FORMATS, bundled_reference, bundled_schemas
from .dialects import modern, ogc_format, upgraded
from .keywords import DEFINITIONS, FORMATS, KNOWN, NOT_SUPPORTED, every_schema
from .positions import Where
from .references import target_of
from .suggestion import nearest

Schema = dict[str, Any]

Fault = tuple[Where, str, str]
"""Where in the schema, what is wrong, and what was probably meant."""

NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}
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
        admitted &= {*_as_list(schema["type"]), *(["integer"] if "number" in _as_list(schema["type"]) else [])}
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


def schema_faults(schema: Schema) -> list[Fault]:
    """Everything that is wrong with a schema, its `default` included; empty where it may be compiled."""
    faults = list(dict.fromkeys([*_metaschema_faults(schema), *_own_faults(schema)]))
    if faults:
        return faults
    try:
        validator = compile_schema(schema)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        return [(tuple(getattr(error, "instance_path", ())), str(error).partition("\n")[0], "")]
    errors = validator.iter_errors(schema["default"]) if "default" in schema else []
    return [(("default", *e.instance_path), f"the default does not fit: {e.message}", "") for e in errors]


def _metaschema_faults(schema: Schema) -> Iterator[Fault]:
    for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(modern(schema)):
        where = tuple(error.absolute_path)
        if where[-1:] == ("type",) and error.validator == "anyOf":
            words = [word for word in _as_list(error.instance) if word not in TYPES]
            hint = nearest(str(words[0]), TYPES) if words else ""
            yield where, f'"type" must be one of {", ".join(TYPES)}, or a list of them', hint
        else:
            name = next((f'"{part}"' for part in reversed(where) if isinstance(part, str)), "the schema")
            yield where, name + _in_words(error), ""


def _in_words(error: ValidationError) -> str:
    if error.validator != "type":
        return f": {error.message}"
    return " must be " + " or ".join(NAMES[type_] for type_ in _as_list(error.validator_value))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _own_faults(schema: Schema) -> Iterator[Fault]:
    root = upgraded(schema)
    for where, inner in every_schema(schema):
        for keyword in inner:
            yield from _keyword_fault(keyword, (*where, keyword))
        if isinstance(inner.get("format"), str):
            yield from _format_fault(inner["format"], (*where, "format"))
        if isinstance(inner.get("$ref"), str):
            yield from _reference_fault(inner["$ref"], root, (*where, "$ref"))


def _keyword_fault(keyword: str, where: Where) -> Iterator[Fault]:
    if keyword in NOT_SUPPORTED:
        yield where, f"{keyword} is not supported; write $ref: '#/$defs/name'", ""
    elif keyword not in KNOWN and (hint := nearest(keyword, KNOWN, cutoff=0.8)):
        yield where, f'"{keyword}" is no keyword of JSON Schema', hint


def _format_fault(name: str, where: Where) -> Iterator[Fault]:
    known = FORMATS | OGC_FORMATS.keys()
    if ogc_format(name) not in known:
        yield where, f'nobody knows the format "{name}"', nearest(name, sorted(known))


def _reference_fault(reference: str, root: Schema, where: Where) -> Iterator[Fault]:
    if bundled_reference(reference):
        return
    if not reference.startswith("#"):
        hint = nearest(reference, bundled_schemas(), cutoff=0.8)
        yield where, f"{reference} is not bundled, and nothing is fetched; copy it into $defs", hint
        return
    try:
        target_of(reference, root)
    except LookupError:
        yield where, f"{reference} refers to nothing in this schema", ""
