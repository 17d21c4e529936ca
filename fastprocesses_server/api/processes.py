"""`/processes` and `/processes/{processID}`."""

from itertools import islice
from typing import Any

from fastapi import APIRouter, Request, Response

from ..processes.description import Process
from ..processes.published import published
from .documents import linked_response
from .links import REL, Urls, link
from .paging import read_page
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
    page, registry, urls = read_page(request), services_of(request).registry, urls_of(request)
    shown = islice(registry.values(), page.offset, page.offset + page.limit)
    return linked_response(
        {
            "processes": [summary(process, urls) for process in shown],
            "links": page.links(urls.processes, "Processes", has_more=page.offset + page.limit < len(registry)),
        }
    )


@router.api_route("/processes/{process_id}", methods=["GET", "HEAD"])
async def process_description(request: Request, process_id: str) -> Response:
    return linked_response(description(services_of(request).process(process_id), urls_of(request)))


def summary(process: Process, urls: Urls) -> dict[str, Any]:
    """processSummary.yaml"""
    document = process.model_dump(include=SUMMARY, by_alias=True, exclude_none=True, mode="json")
    own = [
        link(urls.process(process.id), "self", process.title or process.id),
        link(urls.execution(process.id), REL + "execute", "Execute"),
    ]
    return {**document, "links": [*own, *document["links"]]}


def description(process: Process, urls: Urls) -> dict[str, Any]:
    """process.yaml; schemas as version 1.0 can say them."""
    return {
        **summary(process, urls),
        "inputs": {name: _with_schema(described) for name, described in process.inputs.items()},
        "outputs": {name: _with_schema(described) for name, described in process.outputs.items()},
    }


def _with_schema(described: Any) -> dict[str, Any]:
    document: dict[str, Any] = described.model_dump(by_alias=True, exclude_none=True, mode="json")
    return {**document, "schema": published(described.schema_)}
