"""The API definition: OpenAPI 3.0, one execution path for each process, with its body and examples."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request

from ..execution.media_type import alternatives, media_type_of
from ..processes.description import Input, Process
from ..processes.published import published
from ..processes.registry import Registry
from ..settings import Settings
from .documents import json_response
from .links import OPENAPI, Urls
from .openapi_schemas import COMPONENT_SCHEMAS, Schema
from .services import services_of, urls_of

router = APIRouter()

ID = {"in": "path", "required": True, "schema": {"type": "string"}}
PAGING = [
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 10}},
    {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0, "default": 0}},
]
PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "`respond-async` for a job; `wait=N` to wait N seconds for the results, then a job.",
    "schema": {"type": "string"},
}


@router.api_route("/api", methods=["GET", "HEAD"])
async def api_definition(request: Request) -> Any:
    services = services_of(request)
    document = openapi_document(services.settings, services.registry, urls_of(request))
    return json_response(document, media_type=OPENAPI)


def openapi_document(settings: Settings, registry: Registry, urls: Urls) -> dict[str, Any]:
    return {
        "openapi": "3.0.3",
        "info": _info(settings),
        "servers": [{"url": urls.base}],
        "tags": [{"name": name} for name in ("Capabilities", "Processes", "Jobs", "Health")],
        "paths": {
            **_fixed_paths(),
            **{f"/processes/{process.id}/execution": _execution_path(process) for process in registry.values()},
        },
        "components": {"schemas": COMPONENT_SCHEMAS},
    }


def _info(settings: Settings) -> dict[str, Any]:
    contact = {
        "name": settings.api_contact_name,
        "email": settings.api_contact_email,
        "url": settings.api_contact_url,
    }
    licence = {"name": settings.api_license_name, "url": settings.api_license_url}
    info = {
        "title": settings.api_title,
        "version": settings.api_version,
        "description": settings.api_description,
        "contact": _without_nulls(contact),
        "license": _without_nulls(licence) if settings.api_license_name else {},
    }
    return {name: value for name, value in info.items() if value}


def _without_nulls(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _fixed_paths() -> dict[str, Any]:
    process = [{**ID, "name": "processID"}]
    job = [{**ID, "name": "jobID"}]
    return {
        "/": {"get": _get("Capabilities", "Landing page", "landingPage")},
        "/conformance": {"get": _get("Capabilities", "Conformance classes", "confClasses")},
        "/api": {"get": _get("Capabilities", "This document", None, media_type=OPENAPI)},
        "/processes": {"get": _get("Processes", "Process list", "processList", errors=(400,), parameters=PAGING)},
        "/processes/{processID}": {
            "parameters": process,
            "get": _get("Processes", "Process description", "process", errors=(404,)),
        },
        "/jobs": {"get": _get("Jobs", "Job list", "jobList", errors=(400, 404, 503), parameters=PAGING)},
        "/jobs/{jobID}": {
            "parameters": job,
            "get": _get("Jobs", "Status of a job", "statusInfo", errors=(404, 410, 503)),
            "delete": _get("Jobs", "Dismiss a job, or remove a finished one", "statusInfo", errors=(404, 410, 503)),
        },
        "/jobs/{jobID}/results": {"parameters": job, "get": _results("Results of a job")},
        "/jobs/{jobID}/results/{outputID}": {
            "parameters": [*job, {**ID, "name": "outputID"}],
            "get": _results("One output of a job"),
        },
        "/health/live": {"get": _get("Health", "Whether the process answers", "health")},
        "/health/ready": {"get": _readiness()},
    }


def _get(
    tag: str,
    summary: str,
    schema: str | None,
    *,
    errors: tuple[int, ...] = (),
    parameters: list[Any] | None = None,
    media_type: str = "application/json",
) -> dict[str, Any]:
    content: Schema = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    return {
        "tags": [tag],
        "summary": summary,
        **({"parameters": parameters} if parameters else {}),
        "responses": {
            "200": {"description": "OK", "content": {media_type: {"schema": content}}},
            **_problems(*errors, 405, 500),
        },
    }


def _readiness() -> dict[str, Any]:
    operation = _get("Health", "Whether jobs can run", "health")
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/health"}}}
    operation["responses"]["503"] = {"description": "Not ready, with the reasons", "content": content}
    return operation


def _problems(*statuses: int) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/problem"}}
    content = {"application/problem+json": schema, "application/json": schema}
    return {str(status): {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def _results(summary: str) -> dict[str, Any]:
    return {
        "tags": ["Jobs"],
        "summary": summary,
        "responses": {
            "200": {"description": "The results, as they were asked for", "content": {"*/*": {"schema": {}}}},
            "204": {"description": "The outputs, each behind a Link header"},
            **_problems(404, 405, 410, 500, 503),
        },
    }


def _execution_path(process: Process) -> dict[str, Any]:
    examples = {
        name: {"summary": example.title or name, "value": {"inputs": example.inputs}}
        for name, example in process.examples.items()
    }
    content: dict[str, Any] = {"schema": _execute_request(process)}
    return {
        "post": {
            "tags": ["Processes"],
            "operationId": f"execute:{process.id}",
            "summary": process.title or process.id,
            "description": process.description or "",
            "parameters": [PREFER],
            "requestBody": {
                "required": True,
                "content": {"application/json": {**content, **({"examples": examples} if examples else {})}},
            },
            "responses": _execution_responses(process),
        }
    }


def _execute_request(process: Process) -> Schema:
    """execute.yaml with the inputs and outputs of this process."""
    required = [name for name, described in process.inputs.items() if described.is_required]
    inputs: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _input(described) for name, described in process.inputs.items()},
    }
    output = {
        "type": "object",
        "properties": {
            "transmissionMode": {"type": "string", "enum": list(process.output_transmission)},
            "format": {"type": "object", "properties": {"mediaType": {"type": "string"}}},
        },
    }
    return {
        "type": "object",
        **({"required": ["inputs"]} if required else {}),
        "properties": {
            "inputs": {**inputs, **({"required": required} if required else {})},
            "outputs": {
                "type": "object",
                "additionalProperties": False,
                "properties": dict.fromkeys(process.outputs, output),
            },
            "response": {"type": "string", "enum": ["raw", "document"], "default": "raw"},
        },
    }


def _input(described: Input) -> Schema:
    """The value, bare or qualified; several where the description takes several."""
    value = openapi_schema(published(described.schema_))
    qualified = {
        "type": "object",
        "required": ["value"],
        "properties": {"value": value, "mediaType": {"type": "string"}, "encoding": {"type": "string"}},
    }
    forms: list[Schema] = [value, qualified]
    if described.takes_many:
        items: Schema = {"type": "array", "items": {"anyOf": [value, qualified]}, "minItems": described.min_occurs}
        if described.max_occurs != "unbounded":
            items["maxItems"] = described.max_occurs
        forms.append(items)
    texts = {"title": described.title, "description": described.description}
    return {**_without_nulls(texts), "anyOf": forms}


def _execution_responses(process: Process) -> dict[str, Any]:
    outputs = [member for output in process.outputs.values() for member in alternatives(output.schema_)]
    types: dict[str, Any] = {media_type_of(member): {"schema": {}} for member in outputs}
    several = {"multipart/related": {"schema": {"type": "string"}}} if len(process.outputs) > 1 else {}
    created = {
        "description": "A job was made",
        "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/statusInfo"}}},
    }
    return {
        "200": {"description": "The results", "content": {"application/json": {"schema": {}}, **types, **several}},
        "201": created,
        "204": {"description": "The outputs, each behind a Link header"},
        **_problems(400, 404, 405, 410, 413, 415, 500, 503, 504),
    }


UNKNOWN_TO_OPENAPI = ("contentMediaType", "contentEncoding", "contentSchema")


def openapi_schema(schema: Any) -> Any:
    """A published schema as OpenAPI 3.0 knows it: binary is `format: byte`, media types are not said."""
    if isinstance(schema, list):
        return [openapi_schema(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    binary = {"format": "byte"} if schema.get("contentEncoding") in ("base64", "binary") else {}
    return {
        name: value if name in ("default", "example", "enum") else openapi_schema(value)
        for name, value in {**schema, **binary}.items()
        if name not in UNKNOWN_TO_OPENAPI
    }
