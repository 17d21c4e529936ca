"""`/static` and `/logo`: what pages load."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from .pages import static_files
from .services import services_of

router = APIRouter()

NEVER_RUN = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
"""Scripts of an SVG, for instance."""


@router.api_route("/static/{path:path}", methods=["GET", "HEAD"])
async def static(request: Request, path: str) -> Response:
    response = await static_files().get_response(path, request.scope)
    response.headers["Cache-Control"] = "max-age=3600"
    return response


@router.api_route("/logo", methods=["GET", "HEAD"])
async def logo(request: Request) -> Response:
    picture = services_of(request).settings.logo
    if picture is None or not picture.is_file():
        raise HTTPException(404)
    return FileResponse(picture, headers={"Cache-Control": "max-age=3600", **NEVER_RUN})
