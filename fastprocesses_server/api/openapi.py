"""`/api`: the API definition for programs and for people, and the style sheet of its page."""

from functools import partial

from fastapi import APIRouter, Request, Response

from ..links import HTML, OPENAPI, OPENAPI_31, Urls
from .documents import Document, document_response, encode
from .landing_page import api_definition_links
from .negotiation import AS_HTML, Form, negotiate
from .openapi_dialects import OPENAPI_30_DIALECT, OPENAPI_31_DIALECT
from .openapi_document import openapi_document
from .openapi_page import api_page
from .pages import SAFE, static_files
from .services import Services, services_of, urls_of

router = APIRouter()

AS_OPENAPI_30 = Form("json", OPENAPI)
AS_OPENAPI_31 = Form("openapi31", OPENAPI_31)


@router.api_route("/api", methods=["GET", "HEAD"])
async def api_definition(request: Request) -> Response:
    """/req/oas30/oas-definition-1"""
    form = negotiate(request, AS_OPENAPI_30, AS_OPENAPI_31, AS_HTML)
    services, urls = services_of(request), urls_of(request)
    document = await services_of(request).documents.get(("api", urls, form), partial(_make, services, urls, form))
    return document_response(request, document)


@router.api_route("/static/{path:path}", methods=["GET", "HEAD"])
async def static(request: Request, path: str) -> Response:
    return await static_files().get_response(path, request.scope)


def _make(services: Services, urls: Urls, form: Form) -> Document:
    dialect = OPENAPI_31_DIALECT if form == AS_OPENAPI_31 else OPENAPI_30_DIALECT
    document = openapi_document(services.settings, services.registry, urls, dialect)
    links = [
        {**one, "rel": "self" if one["type"] == form.media_type else "alternate"} for one in api_definition_links(urls)
    ]
    encoded = encode(document, links=links, media_type=form.media_type)
    if form.media_type != HTML:
        return encoded
    return Document(api_page(document, links).encode(), HTML, {**encoded.headers, **SAFE})
