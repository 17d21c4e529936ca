"""The two versions of OpenAPI that the API definition speaks, and what each says of schemas."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...processes.dialects import upgraded
from ...processes.keywords import rebuilt

Schema = dict[str, Any]

UNKNOWN_TO_30 = ("contentMediaType", "contentEncoding", "contentSchema")


@dataclass(frozen=True, slots=True)
class Dialect:
    """A version, and how a published schema is written in it."""

    version: str
    schema: Callable[[Schema], Schema]


def _schema_30(schema: Any) -> Any:
    """Binary is `format: byte`, media types are not said, and an array says what it is of."""
    if not isinstance(schema, dict):
        return schema
    binary = {"format": "byte"} if schema.get("contentEncoding") in ("base64", "binary") else {}
    items: Schema = {"items": {}} if schema.get("type") == "array" and "items" not in schema else {}
    known = {name: value for name, value in rebuilt(schema, _schema_30).items() if name not in UNKNOWN_TO_30}
    return {**known, **binary, **items}


def _schema_31(schema: Schema) -> Schema:
    """JSON Schema 2020-12, where `contentSchema` is a schema and no URL."""
    modern: Schema = _without_urls(upgraded(schema))
    return modern


def _without_urls(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    known = {name: value for name, value in schema.items() if name != "contentSchema" or not isinstance(value, str)}
    return rebuilt(known, _without_urls)


OPENAPI_30_DIALECT = Dialect("3.0.3", _schema_30)
OPENAPI_31_DIALECT = Dialect("3.1.0", _schema_31)
