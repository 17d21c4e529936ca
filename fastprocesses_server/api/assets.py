"""`/static` and `/logo`: what pages load."""

import asyncio
import mimetypes
from functools import cache

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from .documents import Document, document_response
from .middleware.safeguards import NEVER_RUN
from .pages import static_files
from .services import services_of

router = APIRouter()


@router.api_route("/static/{path:path}", methods=["GET", "HEAD"])
async def static(request: Request, path: str) -> Response:
    if path not in static_files():
        raise HTTPException(404)
    return document_response(request, await asyncio.to_thread(_asset, path))


@cache
def _asset(path: str) -> Document:
    file = static_files()[path]
    media_type = mimetypes.guess_type(file.name)[0] or "text/plain"
    headers = {"Cache-Control": "max-age=3600", "Vary": "Accept-Encoding"}
    document = Document(file.read_bytes(), media_type, headers, is_compressible=True)
    _ = document.compressed  # now, in a thread, and not while others wait
    return document


@router.api_route("/logo", methods=["GET", "HEAD"])
async def logo(request: Request) -> Response:
    picture = services_of(request).settings.logo
    if picture is None or not picture.is_file():
        raise HTTPException(404)
    return FileResponse(picture, headers={"Cache-Control": "max-age=3600", "Content-Security-Policy": NEVER_RUN})
