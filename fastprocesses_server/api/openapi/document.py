"""The API definition as a document: OpenAPI, one execution path for each process. Every `$ref` is within it."""

from collections.abc import Mapping
from typing import Any

from ...links import Urls
from ...processes.description import Process
from ...processes.registry import Registry
from ...settings import Settings
from .answers import completed
from .components import HEADERS, RESPONSES
from .defaults import component_parameters, component_schemas
from .dialects import Dialect
from .execution import ProcessPath
from .operations import TAGS, fixed_paths
from .security import secured


def openapi_document(settings: Settings, registry: Registry, urls: Urls, dialect: Dialect) -> dict[str, Any]:
    processes = [ProcessPath(process, settings, dialect) for process in registry.values()]
    own_schemas = {name: schema for process in processes for name, schema in process.schemas.items()}
    document = {
        "openapi": dialect.version,
        "info": _info(settings),
        "servers": [{"url": urls.base}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": {
            **fixed_paths(with_job_list=settings.job_list != "off"),
            **{process.path: {"post": process.operation()} for process in processes},
        },
        "components": {
            "schemas": {**component_schemas(settings), **own_schemas},
            "parameters": component_parameters(settings),
            "headers": HEADERS,
            "responses": RESPONSES,
        },
    }
    return completed(secured(document, settings), settings)


def execution_path(process: Process, settings: Settings, urls: Urls, dialect: Dialect) -> dict[str, Any]:
    """That of one process, as it is in the whole definition."""
    paths = openapi_document(settings, Registry({process.id: process}), urls, dialect)["paths"]
    path = ProcessPath(process, settings, dialect).path
    return {path: paths[path]}


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
