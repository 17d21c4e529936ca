"""The operations that every server has, whatever its processes."""

from collections.abc import Sequence
from typing import Any

from ...links import DESCRIPTION_FILE_SCHEMA, EVENT_STREAM, HTML, JSON, JSON_SCHEMA, OPENAPI, OPENAPI_31, PLAIN
from .components import document_of, page_of, parameters, problems, response, response_of
from .schemas import TEXT, Schema, schema_reference

Operation = dict[str, Any]

TAGS = {
    "Capabilities": "What this server is and can do.",
    "Processes": "What can be executed, and its execution.",
    "Jobs": "Executions that go on by themselves, and their results.",
    "Health": "For those who run the server.",
}
FILTERS = ("type", "processIDs", "status", "datetime", "minDuration", "maxDuration", "limit", "offset", "cursor")
ANY_RESULTS: dict[str, Schema] = {JSON: {}, "multipart/related": {}, HTML: TEXT, "*/*": {}}


def fixed_paths(*, with_job_list: bool) -> dict[str, Any]:
    """By path, without the executions of the processes."""
    return {**_capabilities(), **_processes(), **_jobs(with_job_list=with_job_list), **_results(), **_health()}


def operation(
    tag: str,
    operation_id: str,
    summary: str,
    responses: dict[str, Any],
    *,
    takes: Sequence[str] = (),
    description: str = "",
    errors: Sequence[int] = (),
) -> Operation:
    """`takes` names parameters of the components; `errors` statuses beside those that all operations have."""
    return {
        "tags": [tag],
        "operationId": operation_id,
        "summary": summary,
        **({"description": description} if description else {}),
        **({"parameters": parameters(*takes)} if takes else {}),
        "responses": {**responses, **problems(errors)},
    }


def _kept(answer: dict[str, Any]) -> dict[str, Any]:
    """The answers of a resource that clients may keep."""
    return {"200": answer, "304": response("notModified")}


def _capabilities() -> dict[str, Any]:
    definition = response_of(
        "The API definition, or its documentation",
        {OPENAPI: {"type": "object"}, OPENAPI_31: {"type": "object"}, HTML: TEXT},
        *("ETag", "Link", "Vary"),
    )
    landing_page = page_of("landingPage", "Title and links", "ETag", "Link", "Vary")
    conformance = page_of("confClasses", "URIs of conformance classes", "ETag", "Link", "Vary")
    file_schema = response_of(
        "JSON Schema of the files that publish processes",
        {JSON_SCHEMA: {"type": "object"}},
        *("Cache-Control", "ETag", "Vary"),
    )
    chosen: dict[str, Any] = {"takes": ["fOfPage"], "errors": (406,)}
    return {
        "/": {"get": operation("Capabilities", "getLandingPage", "Landing page", _kept(landing_page), **chosen)},
        "/conformance": {
            "get": operation("Capabilities", "getConformance", "Conformance classes", _kept(conformance), **chosen)
        },
        "/api": {
            "get": operation(
                "Capabilities",
                "getApiDefinition",
                "API definition",
                _kept(definition),
                takes=["fOfApiDefinition"],
                errors=(406,),
            )
        },
        DESCRIPTION_FILE_SCHEMA: {
            "get": operation("Capabilities", "getDescriptionFileSchema", "Schema for editors", _kept(file_schema))
        },
    }


def _processes() -> dict[str, Any]:
    listed = page_of("processList", "Summaries of processes", "ETag", "Link", "Vary")
    described = page_of("process", "The process description", "ETag", "Link", "Vary")
    return {
        "/processes": {
            "get": operation(
                "Processes",
                "getProcesses",
                "Process list",
                _kept(listed),
                takes=["q", "limit", "offset", "fOfPage"],
                errors=(406,),
            )
        },
        "/processes/{processID}": {
            "get": operation(
                "Processes",
                "getProcessDescription",
                "Process description",
                _kept(described),
                takes=["processID", "fOfPage"],
                errors=(404, 406),
            )
        },
        "/processes/{processID}/validation": {"post": _validation()},
    }


def _validation() -> Operation:
    checked = operation(
        "Processes",
        "validateExecuteRequest",
        "Check an execute request without running it",
        {"200": document_of("validation", "The request is right")},
        takes=["processID", "prefer"],
        errors=(403, 404, 408, 413, 415, 503),
    )
    body = {"required": True, "content": {JSON: {"schema": schema_reference("execute")}}}
    return {**checked, "requestBody": body}


def _jobs(*, with_job_list: bool) -> dict[str, Any]:
    told = ("Link", "Preference-Applied", "Retry-After", "Vary")
    listed = operation(
        "Jobs",
        "getJobs",
        "Job list",
        {"200": page_of("jobList", "Jobs, the newest first", "Link", "Vary")},
        takes=[*FILTERS, "fOfPage"],
        errors=(406, 503),
    )
    return {
        **({"/jobs": {"get": listed}} if with_job_list else {}),
        "/jobs/{jobID}": {
            "get": operation(
                "Jobs",
                "getStatus",
                "Status of a job",
                {"200": page_of("statusInfo", "Status of a job", *told)},
                takes=["jobID", "wait", "fOfPage"],
                errors=(404, 406, 410, 503),
            ),
            "delete": operation(
                "Jobs",
                "dismiss",
                "Stop a job, or remove a finished one",
                {"200": page_of("statusInfo", "The job, dismissed", "Link", "Vary")},
                takes=["jobID", "fOfPage"],
                errors=(403, 404, 406, 410, 503),
            ),
        },
        "/jobs/{jobID}/logs": {"get": _job_log()},
        "/jobs/{jobID}/events": {"get": _job_events()},
        "/jobs/{jobID}/inputs": {"get": _of_job("getJobInputs", "What was asked of a job", "jobInputs")},
        "/jobs/{jobID}/definition": {
            "get": _of_job("getJobDefinition", "Which definition a job runs", "jobDefinition")
        },
    }


def _job_log() -> Operation:
    answers = {JSON: schema_reference("jobLog"), PLAIN: TEXT}
    return operation(
        "Jobs",
        "getJobLog",
        "What a job has said",
        {"200": response_of("The last lines of its log", answers, "Vary")},
        takes=["jobID", "fOfJobLog"],
        errors=(404, 406, 410, 503),
    )


def _job_events() -> Operation:
    return operation(
        "Jobs",
        "getJobEvents",
        "What becomes of a job, as it happens",
        {"200": response_of("Server-sent events, until the job is finished", {EVENT_STREAM: {}}, "Cache-Control")},
        takes=["jobID", "lastEventID"],
        description="`status`: the status info, at first and with every other status. `progress`: its progress. "
        "`log`: a line of the log; its id is for `Last-Event-ID`. `done`: the job is finished, and the stream ends.",
        errors=(404, 410, 503),
    )


def _of_job(operation_id: str, summary: str, schema: str) -> Operation:
    answers = {"200": document_of(schema, summary)}
    return operation("Jobs", operation_id, summary, answers, takes=["jobID", "f"], errors=(404, 406, 410, 503))


def _results() -> dict[str, Any]:
    answers = {
        "200": response_of(
            "The outputs in the media types of the process, as they were asked for",
            ANY_RESULTS,
            *("Content-Disposition", "ETag"),
        ),
        "206": response_of("The bytes that were asked for", {"*/*": {}}, "Content-Range", "ETag"),
        "304": response("notModified"),
        "416": response("rangeNotSatisfiable"),
    }
    errors = (404, 410, 503)
    return {
        "/jobs/{jobID}/results": {
            "get": operation(
                "Jobs",
                "getResults",
                "Results of a job",
                {**answers, "204": response("byReference")},
                takes=["jobID", "outputs", "fOfPage"],
                errors=errors,
            )
        },
        "/jobs/{jobID}/results/{outputID}": {
            "get": operation(
                "Jobs", "getOutput", "One output of a job", answers, takes=["jobID", "outputID"], errors=errors
            )
        },
    }


def _health() -> dict[str, Any]:
    ready = operation("Health", "isReady", "Whether jobs can run", {"200": document_of("health", "They can")})
    ready["responses"]["503"] = document_of("health", "Not now, for these reasons", "Retry-After")
    return {
        "/health/live": {
            "get": operation(
                "Health", "isLive", "Whether the server answers", {"200": document_of("health", "It does")}
            )
        },
        "/health/ready": {"get": ready},
    }
