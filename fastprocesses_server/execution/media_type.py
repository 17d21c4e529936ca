"""Media types of values: which a schema names, and what kind of value each holds."""

from enum import StrEnum
from typing import Any

GEOJSON = "application/geo+json"
JSON = "application/json"
TEXT = "text/plain"
BINARY = "application/octet-stream"


class Kind(StrEnum):
    """How a value stands in a JSON document: as itself, as a string, or as base64."""

    JSON = "json"
    TEXT = "text"
    BINARY = "binary"


def is_json(media_type: str) -> bool:
    essence = media_type.partition(";")[0].strip().lower()
    return essence == JSON or essence.endswith("+json")


def normalised(media_type: str) -> str:
    """For comparison: parameters stay, blanks and letter case do not matter."""
    return ";".join(part.strip().lower() for part in media_type.split(";"))


def media_type_of(schema: dict[str, Any]) -> str:
    """What a value of this schema is sent as: what it declares, else plain text for scalars and JSON for the rest."""
    if declared := declared_media_type(schema):
        return declared
    if holds_binary(schema):
        return BINARY
    return TEXT if schema.get("type") in ("string", "number", "integer", "boolean") else JSON


def holds_binary(schema: dict[str, Any]) -> bool:
    """Strings that are base64 of something else."""
    return schema.get("contentEncoding") in ("base64", "binary") or schema.get("format") in ("byte", "binary")


def kind_of(schema: dict[str, Any]) -> Kind:
    """How values of this schema stand in a document."""
    if holds_binary(schema):
        return Kind.BINARY
    return Kind.TEXT if schema.get("type") == "string" else Kind.JSON


def alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The members of a `oneOf` by media type, the default first; else the schema itself."""
    members = [_as_mapping(member) for member in schema.get("oneOf") or schema.get("anyOf") or ()]
    if any("contentMediaType" in member or holds_binary(member) for member in members):
        return members
    return [schema]


def _as_mapping(schema: dict[str, Any] | bool) -> dict[str, Any]:
    """A schema may be `true` or `false`."""
    return schema if isinstance(schema, dict) else {} if schema else {"not": {}}


def declared_media_type(schema: dict[str, Any]) -> str | None:
    """What the schema, or a part of its `allOf`, says of the media type; GeoJSON formats say it too."""
    for part in (schema, *map(_as_mapping, schema.get("allOf", ()))):
        if "contentMediaType" in part:
            return str(part["contentMediaType"])
        if str(part.get("format", "")).rpartition("/")[2].startswith("geojson-"):
            return GEOJSON
    return None
