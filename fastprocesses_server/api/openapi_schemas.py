"""The documents of OGC API - Processes 1.0 as OpenAPI 3.0 schemas, for the API definition."""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
LINKS: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def _texts(*names: str) -> dict[str, Schema]:
    return {name: {"type": "string"} for name in names}


def _moments(*names: str) -> dict[str, Schema]:
    return {name: {"type": "string", "format": "date-time"} for name in names}


COMPONENT_SCHEMAS: dict[str, Schema] = {
    "link": _object(("href",), **_texts("href", "rel", "type", "hreflang", "title")),
    "landingPage": _object(("links",), **_texts("title", "description"), links=LINKS),
    "confClasses": _object(("conformsTo",), conformsTo={"type": "array", "items": TEXT}),
    "processSummary": _object(
        ("id", "version"),
        **_texts("id", "version", "title", "description"),
        keywords={"type": "array", "items": TEXT},
        jobControlOptions={
            "type": "array",
            "items": {"type": "string", "enum": ["sync-execute", "async-execute", "dismiss"]},
        },
        outputTransmission={"type": "array", "items": {"type": "string", "enum": ["value", "reference"]}},
        links=LINKS,
    ),
    "processList": _object(
        ("processes", "links"),
        processes={"type": "array", "items": {"$ref": "#/components/schemas/processSummary"}},
        links=LINKS,
    ),
    "process": {
        "allOf": [
            {"$ref": "#/components/schemas/processSummary"},
            _object(inputs={"type": "object"}, outputs={"type": "object"}),
        ]
    },
    "statusInfo": _object(
        ("jobID", "status", "type"),
        **_texts("jobID", "processID", "message"),
        **_moments("created", "started", "finished", "updated"),
        type={"type": "string", "enum": ["process"]},
        status={"type": "string", "enum": ["accepted", "running", "successful", "failed", "dismissed"]},
        progress={"type": "integer", "minimum": 0, "maximum": 100},
        links=LINKS,
    ),
    "jobList": _object(
        ("jobs", "links"),
        jobs={"type": "array", "items": {"$ref": "#/components/schemas/statusInfo"}},
        links=LINKS,
    ),
    "problem": _object(
        ("type",),
        **_texts("type", "title", "detail", "instance"),
        status={"type": "integer"},
        errors={
            "type": "array",
            "description": "Everything that is wrong with the request.",
            "items": _object(("path", "message"), **_texts("path", "message")),
        },
    ),
    "health": _object(("status",), **_texts("status"), reasons={"type": "array", "items": TEXT}),
}
