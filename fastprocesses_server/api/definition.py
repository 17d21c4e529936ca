"""`/api`: the API definition for programs and for people."""

from functools import partial

from fastapi import APIRouter, Request, Response

from ..links import HTML, OPENAPI, OPENAPI_31, Link, Urls, link
from .documents import Document, document_response, encode
from .landing_page import api_definition_links
from .negotiation import AS_HTML, Form, negotiate
from .openapi.dialects import OPENAPI_30_DIALECT, OPENAPI_31_DIALECT
from .openapi.document import openapi_document
from .openapi.page import api_page, swagger_page
from .representation import kept_for, show
from .services import Services, services_of, urls_of

router = APIRouter()

AS_OPENAPI_30 = Form("json", OPENAPI)
AS_OPENAPI_31 = Form("openapi31", OPENAPI_31)
AS_SWAGGER_UI = Form("swagger", HTML)


@router.api_route("/api", methods=["GET", "HEAD"])
async def api_definition(request: Request) -> Response:
    """/req/oas30/oas-definition-1"""
    form = negotiate(request, AS_OPENAPI_30, AS_OPENAPI_31, AS_HTML, AS_SWAGGER_UI)
    services, urls = services_of(request), urls_of(request)
    document = await services.documents.get(
        ("api", urls, kept_for(request, form)), partial(_make, request, services, urls, form)
    )
    return document_response(request, document)


def _make(request: Request, services: Services, urls: Urls, form: Form) -> Document:
    dialect = OPENAPI_31_DIALECT if form == AS_OPENAPI_31 else OPENAPI_30_DIALECT
    document = openapi_document(services.settings, services.registry, urls, dialect)
    links = _links(urls, form)
    if form.media_type != HTML:
        return encode(document, links=links, media_type=form.media_type)
    return show(request, swagger_page() if form == AS_SWAGGER_UI else api_page(document), document, links)


def _links(urls: Urls, form: Form) -> list[Link]:
    """/req/core/pl-links; Swagger UI is one more view of the page, not one more form of the document."""
    if form == AS_SWAGGER_UI:
        itself = link(urls.api_definition_as(form.name), "self", "API definition in Swagger UI", HTML)
        return [itself, *({**one, "rel": "alternate"} for one in api_definition_links(urls))]
    return [
        {**one, "rel": "self" if one["type"] == form.media_type else "alternate"} for one in api_definition_links(urls)
    ]
