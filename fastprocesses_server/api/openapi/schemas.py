"""The documents of OGC API - Processes 1.0 as schemas, in words that OpenAPI 3.0 and 3.1 share."""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
URL: Schema = {"type": "string", "format": "uri"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
STATUSES = ["accepted", "running", "successful", "failed", "dismissed"]


def schema_reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


LINKS: Schema = {"type": "array", "items": schema_reference("link")}


def object_of(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """Open: members that are not named are ignored, or for later versions."""
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def array_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def words(*allowed: str) -> Schema:
    return {"type": "string", "enum": list(allowed)}


def _texts(*names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, TEXT)


METADATA = object_of(role=TEXT, href=TEXT, title=TEXT)
DESCRIPTION_TYPE: dict[str, Schema] = {
    **_texts("title", "description"),
    "keywords": array_of(TEXT),
    "metadata": array_of(METADATA),
    "additionalParameters": object_of(
        **_texts("role", "href", "title"), parameters=array_of(object_of(("name", "value"), name=TEXT, value={}))
    ),
}

CAPABILITIES: dict[str, Schema] = {
    "link": object_of(("href",), **_texts("href", "rel", "type", "hreflang", "title")),
    "landingPage": object_of(("links",), **_texts("title", "description"), links=LINKS),
    "confClasses": object_of(("conformsTo",), conformsTo=array_of(TEXT)),
    "health": object_of(("status",), status=TEXT, reasons=array_of(TEXT), warnings=array_of(TEXT)),
    "problem": object_of(
        ("type",),
        **_texts("type", "title", "detail", "instance"),
        status={"type": "integer"},
        errors={
            **array_of(object_of(("path", "message"), **_texts("path", "message"))),
            "description": "Everything that is wrong with the request, each with its place.",
        },
    ),
}

PROCESSES: dict[str, Schema] = {
    "processSummary": object_of(
        ("id", "version"),
        **_texts("id", "version"),
        **DESCRIPTION_TYPE,
        jobControlOptions=array_of(words("sync-execute", "async-execute", "dismiss")),
        outputTransmission=array_of(words("value", "reference")),
        links=LINKS,
    ),
    "processList": object_of(
        ("processes", "links"), processes=array_of(schema_reference("processSummary")), links=LINKS
    ),
    "inputDescription": object_of(
        ("schema",),
        **DESCRIPTION_TYPE,
        schema={"type": "object"},
        minOccurs={"type": "integer", "minimum": 0, "default": 1},
        maxOccurs={"oneOf": [{"type": "integer", "minimum": 1}, words("unbounded")], "default": 1},
    ),
    "outputDescription": object_of(("schema",), **DESCRIPTION_TYPE, schema={"type": "object"}),
    "process": {
        "allOf": [
            schema_reference("processSummary"),
            object_of(
                inputs={"type": "object", "additionalProperties": schema_reference("inputDescription")},
                outputs={"type": "object", "additionalProperties": schema_reference("outputDescription")},
            ),
        ]
    },
}

EXECUTION: dict[str, Schema] = {
    "reference": {
        **object_of(("href",), href=URL, **_texts("rel", "type", "hreflang", "title")),
        "description": "A value that lies elsewhere: the server fetches it, and reads it by its type.",
    },
    "format": object_of(**_texts("mediaType", "encoding"), schema={}),
    "subscriber": {
        **object_of(successUri=URL, inProgressUri=URL, failedUri=URL),
        "description": "Where the server posts the results, the status on its way, or the problem.",
    },
    "execute": {
        **object_of(
            inputs={"type": "object"},
            outputs={"type": "object", "additionalProperties": {"type": "object"}},
            response=words("raw", "document"),
            subscriber=schema_reference("subscriber"),
        ),
        "description": "The inputs of a process, the choice of its outputs, and how they are sent.",
    },
    "validation": {
        "allOf": [
            schema_reference("execute"),
            object_of(
                ("valid", "mode"),
                valid={"type": "boolean", "enum": [True]},
                mode=words("sync-execute", "async-execute"),
                cached={"type": "boolean"},
            ),
        ],
        "description": "What an execution of the request would be: its inputs with defaults, and all of its outputs.",
    },
}

JOBS: dict[str, Schema] = {
    "statusInfo": object_of(
        ("jobID", "status", "type"),
        **_texts("jobID", "id", "processID", "processingEntityType", "message"),
        **dict.fromkeys(("created", "started", "finished", "updated", "expires", "resultsExpire"), MOMENT),
        type=words("process"),
        status=words(*STATUSES),
        progress={"type": "integer", "minimum": 0, "maximum": 100},
        exception=schema_reference("problem"),
        links=LINKS,
    ),
    "jobList": object_of(("jobs", "links"), jobs=array_of(schema_reference("statusInfo")), links=LINKS),
    "jobInputs": {"type": "object", "description": "The inputs as they were sent, with defaults, by name."},
    "jobLog": {
        **array_of(
            object_of(
                ("time", "level", "source", "text"),
                time=MOMENT,
                level=words("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
                source=words("output", "logging", "warnings", "context", "server"),
                text=TEXT,
            )
        ),
        "description": "The last lines that the callable of a job said, oldest first.",
    },
    "jobDefinition": {
        "allOf": [
            schema_reference("execute"),
            object_of(
                process=URL,
                **_texts("processID", "version", "fingerprint"),
                ran=object_of(("version", "fingerprint"), **_texts("version", "fingerprint")),
            ),
        ],
        "description": "The execute request, the definition of the process it was made for, and what ran for it.",
    },
}

COMPONENT_SCHEMAS: dict[str, Schema] = {**CAPABILITIES, **PROCESSES, **EXECUTION, **JOBS}
