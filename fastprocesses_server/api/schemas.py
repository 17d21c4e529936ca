"""`/schemas/description-file.json`: the JSON Schema of description files, for editors."""

from fastapi import APIRouter, Request, Response

from ..links import DESCRIPTION_FILE_SCHEMA, JSON_SCHEMA
from .documents import Document, document_response, encode
from .services import services_of

router = APIRouter()

CACHE_CONTROL = "max-age=3600"


@router.api_route(DESCRIPTION_FILE_SCHEMA, methods=["GET", "HEAD"])
async def description_file_schema(request: Request) -> Response:
    document = await services_of(request).documents.get("description file schema", _make)
    return document_response(request, document)


def _make() -> Document:
    from ..processes.file_schema import file_schema  # noqa: PLC0415 - what reads the files is not kept for it

    return Document(encode(file_schema()).body, JSON_SCHEMA, {"Cache-Control": CACHE_CONTROL})
