"""From the dialects that authors write, JSON Schema 2020-12 or OpenAPI 3.0, to the one that is checked."""

from typing import Any

from .bundled import OGC_FORMAT, OGC_FORMATS, bundled_reference
from .keywords import rebuilt

Schema = dict[str, Any]


def modern(schema: Schema) -> Schema:
    """JSON Schema 2020-12 that checks the formats of OGC and refers to the bundled schemas by address."""
    checked: Schema = _checked(upgraded(schema))
    return checked


def upgraded(schema: Any) -> Any:
    """In the words of 2020-12: no `nullable`, no boolean limits; `contentSchema` may still be a URL."""
    if not isinstance(schema, dict):
        return schema
    new = {k: v for k, v in rebuilt(schema, upgraded).items() if k not in {"$id", "$schema", "nullable"}}
    new = _numeric_limit(_numeric_limit(new, "minimum", "exclusiveMinimum"), "maximum", "exclusiveMaximum")
    if new.get("format") == "dateTime":
        new["format"] = "date-time"
    if schema.get("nullable") is True and isinstance(new.get("type"), str):
        new["type"] = [new["type"], "null"]
    return new


def _numeric_limit(schema: Schema, limit: str, exclusive: str) -> Schema:
    """`minimum: 0, exclusiveMinimum: true` of OpenAPI 3.0 is `exclusiveMinimum: 0`."""
    if not isinstance(schema.get(exclusive), bool):
        return schema
    rest = {k: v for k, v in schema.items() if k != exclusive}
    if schema[exclusive] and limit in rest:
        rest[exclusive] = rest.pop(limit)
    return rest


def _checked(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    new = rebuilt(schema, _checked)
    if not isinstance(new.get("contentSchema", {}), dict | bool):
        del new["contentSchema"]
    reference = new.get("$ref")
    if isinstance(reference, str):
        new["$ref"] = bundled_reference(reference) or reference
    format_ = ogc_format(new.get("format"))
    if format_ in OGC_FORMATS and isinstance(new.get("allOf", []), list):
        new["allOf"] = [*new.get("allOf", []), {"$ref": OGC_FORMATS[format_]}]
    return new


def ogc_format(name: Any) -> str:
    """The short form of a format's name: `http://www.opengis.net/def/format/…/ogc-bbox` is `ogc-bbox`."""
    return name.removeprefix(OGC_FORMAT) if isinstance(name, str) else ""
