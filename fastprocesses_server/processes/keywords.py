"""The keywords of JSON Schema 2020-12, and where in a schema other schemas stand."""

from collections.abc import Callable, Iterator
from typing import Any

from .positions import Where

ONE_SCHEMA = frozenset(
    [
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    ]
)
LIST_OF_SCHEMAS = frozenset(["allOf", "anyOf", "oneOf", "prefixItems"])
DEFINITIONS = frozenset(["$defs", "definitions"])
NAMED_SCHEMAS = DEFINITIONS | {"dependentSchemas", "patternProperties", "properties"}

ANNOTATIONS = frozenset(
    [
        "$comment",
        "$id",
        "$schema",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "default",
        "deprecated",
        "description",
        "discriminator",
        "example",
        "examples",
        "externalDocs",
        "format",
        "nullable",
        "readOnly",
        "title",
        "writeOnly",
        "xml",
    ]
)
"""Keywords that refuse no value; `nullable` admits more."""

ASSERTIONS = frozenset(
    [
        "const",
        "dependentRequired",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maxContains",
        "maximum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "minContains",
        "minimum",
        "minItems",
        "minLength",
        "minProperties",
        "multipleOf",
        "pattern",
        "$ref",
        "required",
        "type",
        "uniqueItems",
    ]
)
KNOWN = ANNOTATIONS | ASSERTIONS | ONE_SCHEMA | LIST_OF_SCHEMAS | NAMED_SCHEMAS
NOT_SUPPORTED = frozenset(
    ["$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef", "$vocabulary"]
)

FORMATS = frozenset(
    [
        "date",
        "date-time",
        "duration",
        "email",
        "hostname",
        "idn-email",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "iri",
        "iri-reference",
        "json-pointer",
        "regex",
        "relative-json-pointer",
        "time",
        "uri",
        "uri-reference",
        "uri-template",
        "uuid",
        "dateTime",
        "binary",
        "byte",
        "double",
        "float",
        "int32",
        "int64",
        "password",
    ]
)
"""JSON Schema's, then the spelling of the OGC examples, then OpenAPI's."""


def subschemas(schema: dict[str, Any]) -> Iterator[tuple[Where, Any]]:
    """The schemas directly inside this one, each with its place."""
    for keyword, value in schema.items():
        if keyword in ONE_SCHEMA:
            yield (keyword,), value
        elif keyword in LIST_OF_SCHEMAS and isinstance(value, list):
            yield from (((keyword, index), item) for index, item in enumerate(value))
        elif keyword in NAMED_SCHEMAS and isinstance(value, dict):
            yield from (((keyword, name), member) for name, member in value.items())


def every_schema(schema: Any, where: Where = ()) -> Iterator[tuple[Where, dict[str, Any]]]:
    """This schema and all inside it that are mappings."""
    if isinstance(schema, dict):
        yield where, schema
        for below, inner in subschemas(schema):
            yield from every_schema(inner, (*where, *below))


def rebuilt(schema: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """A copy in which every schema directly inside is changed."""
    return {keyword: _changed(keyword, value, change) for keyword, value in schema.items()}


def _changed(keyword: str, value: Any, change: Callable[[Any], Any]) -> Any:
    if keyword in ONE_SCHEMA:
        return change(value)
    if keyword in LIST_OF_SCHEMAS and isinstance(value, list):
        return [change(item) for item in value]
    if keyword in NAMED_SCHEMAS and isinstance(value, dict):
        return {name: change(member) for name, member in value.items()}
    return value
