"""What is wrong with a schema that an author wrote."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import jsonschema_rs

from .bundled import OGC_FORMATS, bundled_reference, bundled_schemas
from .dialects import modern, ogc_format, upgraded
from .keywords import FORMATS, KNOWN, NOT_SUPPORTED, every_schema
from .positions import Where
from .references import target_of
from .schemas import TYPES, Schema, as_list, compile_schema
from .suggestion import nearest

if TYPE_CHECKING:
    from jsonschema import ValidationError

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


def schema_faults(schema: Schema) -> list[Fault]:
    """Everything that is wrong with a schema, its `default` included; empty where it may be compiled."""
    try:
        validator = compile_schema(schema)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        why = (tuple(getattr(error, "instance_path", ())), str(error).partition("\n")[0], "")
        return list(dict.fromkeys([*_metaschema_faults(schema), *_own_faults(schema)])) or [why]
    if faults := list(dict.fromkeys(_own_faults(schema))):
        return faults
    errors = validator.iter_errors(schema["default"]) if "default" in schema else []
    return [(("default", *e.instance_path), f"the default does not fit: {e.message}", "") for e in errors]


def _metaschema_faults(schema: Schema) -> Iterator[Fault]:
    """Of one that does not compile: that says that something is wrong, this says all that is, and where."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - most schemas have no fault

    for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(modern(schema)):
        where = tuple(error.absolute_path)
        if where[-1:] == ("type",) and error.validator == "anyOf":
            words = [word for word in as_list(error.instance) if word not in TYPES]
            hint = nearest(str(words[0]), TYPES) if words else ""
            yield where, f'"type" must be one of {", ".join(TYPES)}, or a list of them', hint
        else:
            name = next((f'"{part}"' for part in reversed(where) if isinstance(part, str)), "the schema")
            yield where, name + _in_words(error), ""


def _in_words(error: "ValidationError") -> str:
    if error.validator != "type":
        return f": {error.message}"
    return " must be " + " or ".join(NAMES[type_] for type_ in as_list(error.validator_value))


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
