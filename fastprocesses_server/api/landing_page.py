"""`/` and `/conformance`: where clients begin."""

from typing import Any

from fastapi import APIRouter, Request, Response

from ..settings import Settings
from .documents import json_response, linked_response
from .links import OPENAPI, REL, Urls, link
from .services import services_of, urls_of

router = APIRouter()

CLASS = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
CONFORMANCE_CLASSES = [CLASS + name for name in ("core", "ogc-process-description", "json")]


@router.api_route("/", methods=["GET", "HEAD"])
async def landing_page(request: Request) -> Response:
    return linked_response(landing_page_document(services_of(request).settings, urls_of(request)))


@router.api_route("/conformance", methods=["GET", "HEAD"])
async def conformance(_: Request) -> Response:
    return json_response({"conformsTo": CONFORMANCE_CLASSES})


def landing_page_document(settings: Settings, urls: Urls) -> dict[str, Any]:
    """landingPage.yaml"""
    return {
        "title": settings.api_title,
        "description": settings.api_description,
        "links": [
            link(urls.landing_page, "self", "This document"),
            link(urls.api_definition, "service-desc", "API definition", OPENAPI),
            link(urls.conformance, REL + "conformance", "Conformance classes"),
            link(urls.processes, REL + "processes", "Processes"),
            link(urls.jobs, REL + "job-list", "Jobs"),
        ],
    }
