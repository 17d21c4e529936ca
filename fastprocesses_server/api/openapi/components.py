"""Parameters, headers and responses that operations of the API definition share."""

from collections.abc import Iterable, Mapping
from typing import Any

from ...execution.idempotency import LONGEST
from ...links import HTML, JSON
from ...trail import REQUEST_ID
from ..job_filters import MOST_PROCESSES
from ..jobs import LONGEST_WAIT
from ..paging import DEFAULT_LIMIT, LARGEST_LIMIT
from ..problems import PROBLEM_JSON
from .schemas import STATUSES, TEXT, URL, Schema, array_of, schema_reference, words


def _parameter(name: str, where: str, description: str, schema: Schema, **members: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "description": description, "schema": schema, **members}


def _id(name: str, what: str) -> dict[str, Any]:
    return _parameter(name, "path", f"Id of {what}.", TEXT, required=True)


def _query(name: str, description: str, schema: Schema) -> dict[str, Any]:
    """A list is written with commas, or the parameter repeated."""
    form = {"style": "form", "explode": False} if schema["type"] == "array" else {}
    return _parameter(name, "query", description, schema, **form)


def _count(least: int, default: int | None = None, most: int | None = None) -> Schema:
    bounds = {"minimum": least, "maximum": most, "default": default}
    return {"type": "integer", **{name: value for name, value in bounds.items() if value is not None}}


PARAMETERS: dict[str, dict[str, Any]] = {
    "processID": _id("processID", "the process"),
    "jobID": _id("jobID", "the job"),
    "outputID": _id("outputID", "the output"),
    "prefer": _parameter(
        "Prefer",
        "header",
        "respond-async for a job at once; wait=N to wait N seconds for the results, then a job (RFC 7240).",
        TEXT,
    ),
    "wait": _parameter(
        "Prefer",
        "header",
        f"wait=N for an answer once the job is finished, or N seconds later, at most {LONGEST_WAIT} (RFC 7240).",
        TEXT,
    ),
    "lastEventID": _parameter(
        "Last-Event-ID",
        "header",
        "The id of the last event that is known; lines of the log before it are left out.",
        TEXT,
    ),
    "idempotencyKey": _parameter(
        "Idempotency-Key",
        "header",
        "A text that names this request: sent again with the same key and body, it leads to the same job.",
        {"type": "string", "minLength": 1, "maxLength": LONGEST},
    ),
    "cacheControl": _parameter("Cache-Control", "header", "no-cache for a run, whatever the cache has.", TEXT),
    "traceparent": _parameter(
        "traceparent",
        "header",
        "The trace that the job is to be part of, in logs, spans and callbacks (W3C Trace Context); "
        "`tracestate` goes on with it.",
        TEXT,
    ),
    "f": _query("f", "The form of the answer, whatever the header Accept says.", words("json")),
    "fOfPage": _query("f", "The form of the answer, whatever the header Accept says.", words("json", "html")),
    "q": _query("q", "Words, all of which are in the id, title, description or keywords.", TEXT),
    "fOfApiDefinition": _query(
        "f", "The form of the answer, whatever the header Accept says.", words("json", "openapi31", "html", "swagger")
    ),
    "fOfJobLog": _query("f", "The form of the answer, whatever the header Accept says.", words("json", "text")),
    "limit": _query("limit", "Most items in the answer.", _count(1, DEFAULT_LIMIT, LARGEST_LIMIT)),
    "offset": _query("offset", "How many items are passed over first.", _count(0, 0)),
    "cursor": _query("cursor", "Where the page begins, as links to pages say it.", TEXT),
    "type": _query("type", "Jobs of these types.", array_of(words("process"))),
    "processIDs": _query("processID", "Jobs of these processes.", {**array_of(TEXT), "maxItems": MOST_PROCESSES}),
    "status": _query("status", "Jobs with one of these statuses.", array_of(words(*STATUSES))),
    "datetime": _query(
        "datetime", "Jobs made at this moment or in this interval: 2026-01-31T00:00:00Z, a/b, ../b or a/..", TEXT
    ),
    "minDuration": _query("minDuration", "Jobs that take at least so many seconds.", array_of(_count(0))),
    "maxDuration": _query("maxDuration", "Jobs that take at most so many seconds.", array_of(_count(0))),
    "outputs": _query("outputs", "Only these outputs.", array_of(TEXT)),
}


def _header(description: str, schema: Schema = TEXT) -> dict[str, Any]:
    return {"description": description, "schema": schema}


HEADERS: dict[str, dict[str, Any]] = {
    "Allow": _header("The methods that the resource has."),
    "Cache-Control": _header("How long the answer may be kept (RFC 9111)."),
    "Cache-Status": _header("What the result cache had to do with the answer (RFC 9211); of cached processes only."),
    "Content-Disposition": _header("The file name that a callable gave an output."),
    "Content-Range": _header("Which bytes of how many these are."),
    "ETag": _header("Names exactly this answer; If-None-Match sends it back."),
    "Link": _header("Links of the answer (RFC 8288)."),
    "Location": _header("URL of the job.", URL),
    "Preference-Applied": _header("Which preferences were honoured (RFC 7240)."),
    "RateLimit": _header("What is left: r requests, until t seconds are over (draft-ietf-httpapi-ratelimit-headers)."),
    "RateLimit-Policy": _header("So many may be sent: q requests in w seconds (draft-ietf-httpapi-ratelimit-headers)."),
    "Retry-After": _header("Seconds after which another try may help.", {"type": "integer"}),
    "WWW-Authenticate": _header("How callers show who they are (RFC 6750), and what was wrong."),
    REQUEST_ID: _header(
        "What the log calls the request: the name that it came with in this header, of up to 64 letters, digits, "
        "`.`, `_` and `-`, or a new one."
    ),
    "Vary": _header("Request headers that choose the form of the answer."),
}

PROBLEMS: Mapping[int, str] = {
    400: "The request is wrong; the problem names everything that is.",
    401: "The server does not know who asks, or what was to show it is wrong.",
    403: "The caller lacks a role, or a page of a site that FP_CORS_ALLOWED_ORIGINS does not name sent the request.",
    404: "There is no such resource, or not yet.",
    405: "The resource has no such method.",
    406: "None of the media types that Accept names is offered.",
    408: "The body did not come in time.",
    410: "The resource was there, and is no more.",
    413: "The body is larger than the server takes.",
    415: "The body is not JSON.",
    421: "The header Host names another server; a server for its own machine alone answers to no other name.",
    422: "Another request came with the same Idempotency-Key.",
    429: "The client has sent too many requests or wrong keys, or has too many jobs that wait or run.",
    500: "The process failed, or the server did.",
    503: "The job store takes no jobs now, the queue is full, every worker is away, or too many follow jobs.",
    504: "The process did not end within the time that the server lets clients wait.",
}
PROBLEM_HEADERS: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def headers_of(*names: str) -> dict[str, Any]:
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names}} if names else {}


def response_of(description: str, content: Mapping[str, Schema], *headers: str) -> dict[str, Any]:
    """`content` has the schema for each media type."""
    typed = {media_type: {"schema": schema} for media_type, schema in content.items()}
    return {"description": description, **headers_of(*headers), **({"content": typed} if typed else {})}


def document_of(schema: str, description: str, *headers: str, media_type: str = JSON) -> dict[str, Any]:
    return response_of(description, {media_type: schema_reference(schema)}, *headers)


RESPONSES: dict[str, dict[str, Any]] = {
    "notModified": response_of("The client has this answer already.", {}, "ETag", "Vary"),
    "rangeNotSatisfiable": response_of("There are not so many bytes.", {}, "Content-Range"),
    "byReference": response_of(
        "Every output lies behind a link of the header Link; none where none has a value.", {}, "Link"
    ),
    **{
        f"problem{status}": response_of(
            description,
            {PROBLEM_JSON: schema_reference("problem"), JSON: schema_reference("problem"), HTML: TEXT},
            *PROBLEM_HEADERS.get(status, ()),
        )
        for status, description in PROBLEMS.items()
    },
}


def page_of(schema: str, description: str, *headers: str) -> dict[str, Any]:
    """A document that is offered as a page as well."""
    return response_of(description, {JSON: schema_reference(schema), HTML: TEXT}, *headers)


def parameters(*names: str) -> list[dict[str, str]]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def response(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{name}"}


def problems(statuses: Iterable[int]) -> dict[str, Any]:
    """Those given, and those that every operation may have."""
    return {str(status): response(f"problem{status}") for status in sorted({*statuses, 400, 405, 500})}
