"""`/processes` and `/processes/{processID}`."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from ..links import REL, Link, Urls, link
from ..processes.description import Process
from ..processes.published import published
from ..processes.registry import Registry
from .documents import document_response
from .form import form_facts
from .negotiation import negotiate
from .paging import Slice, read_slice
from .plain_routes import plain_route
from .query import Query
from .representation import FORMS, Page, kept_for, represent
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


@plain_route(router, "/processes")
async def process_list(request: Request) -> Response:
    """Where `q` is sent, those that have all its words in their id, title, description or keywords."""
    form = negotiate(request, *FORMS)
    query = Query(request)
    part, asked = read_slice(query), query.text("q") or ""
    query.check()
    services, urls = services_of(request), urls_of(request)
    page = Page("process_list.html", "Processes", facts={"asked": asked})
    document = await services.documents.get(
        ("processes", urls, part, asked, kept_for(request, form)),
        lambda: represent(request, form, process_list_document(services.registry, part, urls, asked), page),
    )
    return document_response(request, document)


@plain_route(router, "/processes/{process_id}")
async def process_description(request: Request) -> Response:
    form = negotiate(request, *FORMS)
    services, urls = services_of(request), urls_of(request)
    process = services.process(request.path_params["process_id"])
    older = tuple(services.registry.versions_before(process))
    default_mode = services.settings.default_mode
    trail = (("Processes", "processes"),)
    document = await services.documents.get(
        ("process", urls, process.id, kept_for(request, form)),
        lambda: represent(
            request,
            form,
            description(process, urls, older),
            Page("process.html", process.title or process.id, trail, form_facts(process, default_mode)),
        ),
    )
    return document_response(request, document)


def process_list_document(registry: Registry, part: Slice, urls: Urls, asked: str = "") -> dict[str, Any]:
    """processList.yaml"""
    words = asked.casefold().split()
    found = [process for process in registry.values() if _has_all(process, words)]
    kept = {"q": asked} if words else {}
    return {
        "processes": [summary(process, urls) for process in found[part.offset : part.end]],
        "links": part.links(urls.processes, "Processes", has_more=part.end < len(found), **kept),
    }


def _has_all(process: Process, words: Sequence[str]) -> bool:
    text = " ".join([process.id, process.title or "", process.description or "", *(process.keywords or ())]).casefold()
    return all(word in text for word in words)


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
