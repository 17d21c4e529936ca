"""`/` and `/conformance`: where clients begin."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from ..links import HTML, OPENAPI, OPENAPI_31, REL, Link, Urls, link
from ..settings import Settings
from .documents import document_response
from .negotiation import negotiate
from .representation import FORMS, Page, kept_for, represent
from .services import services_of, urls_of

router = APIRouter()

CLASS = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
CONFORMANCE_CLASSES = [
    CLASS + name
    for name in ("core", "ogc-process-description", "json", "html", "oas30", "job-list", "callback", "dismiss")
]


@router.api_route("/", methods=["GET", "HEAD"])
async def landing_page(request: Request) -> Response:
    form = negotiate(request, *FORMS)
    services, urls = services_of(request), urls_of(request)
    faults = services.faults if services.settings.reload else ()  # they are for the author, not for the public
    page = Page("landing_page.html", services.settings.api_title)
    document = await services.documents.get(
        ("landing page", urls, faults, kept_for(request, form)),
        lambda: represent(request, form, landing_page_document(services.settings, urls, faults), page),
    )
    return document_response(request, document)


@router.api_route("/conformance", methods=["GET", "HEAD"])
async def conformance(request: Request) -> Response:
    form = negotiate(request, *FORMS)
    itself = link(urls_of(request).conformance, "self", "Conformance classes")
    page = Page("conformance.html", "Conformance classes")
    document = {"conformsTo": CONFORMANCE_CLASSES}
    return document_response(request, represent(request, form, document, page, links=[itself]))


def landing_page_document(settings: Settings, urls: Urls, faults: Sequence[str] = ()) -> dict[str, Any]:
    """landingPage.yaml, and what is wrong with newer description files, if anything is."""
    jobs = [link(urls.jobs, REL + "job-list", "Jobs")] if settings.job_list != "off" else []
    return {
        "title": settings.api_title,
        "description": settings.api_description,
        "links": [
            link(urls.landing_page, "self", "This document"),
            *api_definition_links(urls),
            link(urls.conformance, REL + "conformance", "Conformance classes"),
            link(urls.processes, REL + "processes", "Processes"),
            *jobs,
        ],
        **({"warnings": list(faults)} if faults else {}),
    }


def api_definition_links(urls: Urls) -> list[Link]:
    """/req/oas30/oas-definition-1; version 3.0 first, for clients that take the first they find."""
    return [
        link(urls.api_definition, "service-desc", "API definition, OpenAPI 3.0", OPENAPI),
        link(urls.api_definition_as("openapi31"), "service-desc", "API definition, OpenAPI 3.1", OPENAPI_31),
        link(urls.api_definition_as("html"), "service-doc", "API documentation", HTML),
    ]
