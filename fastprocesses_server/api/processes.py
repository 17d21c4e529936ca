"""`/processes` and `/processes/{processID}`."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request, Response

from ..links import REL, Link, Urls, link
from ..processes.description import Process
from ..processes.published import published
from ..processes.registry import Registry
from .documents import document_response, encode
from .negotiation import negotiate
from .paging import Page, read_page
from .services import services_of, urls_of

router = APIRouter()

SUMMARY = {
    "id",
    "version",
    "title",
    "description",
    "keywords",
    "metadata",
    "additional_parameters",
    "job_control_options",
    "output_transmission",
    "links",
}


@router.api_route("/processes", methods=["GET", "HEAD"])
async def process_list(request: Request) -> Response:
    negotiate(request)
    page, registry, urls = read_page(request), services_of(request).registry, urls_of(request)
    document = await services_of(request).documents.get(
        ("processes", urls, page), lambda: encode(process_list_document(registry, page, urls))
    )
    return document_response(request, document)


@router.api_route("/processes/{process_id}", methods=["GET", "HEAD"])
async def process_description(request: Request, process_id: str) -> Response:
    negotiate(request)
    services, urls = services_of(request), urls_of(request)
    process = services.process(process_id)
    older = tuple(services.registry.versions_before(process))
    document = await services.documents.get(
        ("process", urls, process.id), lambda: encode(description(process, urls, older))
    )
    return document_response(request, document)


def process_list_document(registry: Registry, page: Page, urls: Urls) -> dict[str, Any]:
    """processList.yaml"""
    shown = islice(registry.values(), page.offset, page.offset + page.limit)
    return {
        "processes": [summary(process, urls) for process in shown],
        "links": page.links(urls.processes, "Processes", has_more=page.offset + page.limit < len(registry)),
    }


def summary(process: Process, urls: Urls) -> dict[str, Any]:
    """processSummary.yaml"""
    document = process.model_dump(include=SUMMARY, by_alias=True, exclude_none=True, mode="json")
    own = [
        link(urls.process(process.id), "self", process.title or process.id),
        link(urls.execution(process.id), REL + "execute", "Execute"),
    ]
    return {**document, "links": [*own, *map(_complete, document["links"])]}


def _complete(authors: Link) -> Link:
    """Clients break where a link lacks its relation, type or title."""
    return {"rel": "related", "type": "text/html", "title": authors["href"], **authors}


def description(process: Process, urls: Urls, older: Sequence[Process] = ()) -> dict[str, Any]:
    """process.yaml; schemas as version 1.0 can say them. It links to older versions (RFC 5829)."""
    document = summary(process, urls)
    versions = [link(urls.process(one.id), "predecessor-version", f"Version {one.version}") for one in older]
    return {
        **document,
        "links": [*document["links"], *versions],
        "inputs": {name: _with_schema(described) for name, described in process.inputs.items()},
        "outputs": {name: _with_schema(described) for name, described in process.outputs.items()},
    }


def _with_schema(described: Any) -> dict[str, Any]:
    document: dict[str, Any] = described.model_dump(by_alias=True, exclude_none=True, mode="json")
    return {**document, "schema": published(described.schema_)}
