"""`/login` and `/logout`: browsers get a session for an API key.

The cookie is sent along with links that lead here from elsewhere (SameSite=Lax), as links to jobs do in mails; what
changes something is taken from our own pages only, see `origins` and `authentication`.
"""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import APIRouter, Request, Response

from ...errors import TooLarge, Unauthorized, UnsupportedMediaType
from ...jobs.key_ring import SESSION_SECONDS
from ..documents import URL_CHARACTERS
from ..problems import problem_response
from ..representation import Page, show
from ..services import urls_of
from .credentials import Credentials, cookie_at

router = APIRouter()

LARGEST = 16 * 1024
FORM = "application/x-www-form-urlencoded"


@router.api_route("/login", methods=["GET", "HEAD"])
async def login_page(request: Request) -> Response:
    facts = {"next": request.query_params.get("next", "/")}
    return show(request, Page("login.html", "Log in", facts=facts), {"title": "Log in"}).response()


@router.post("/login")
async def log_in(request: Request) -> Response:
    credentials: Credentials = request.app.state.credentials
    fields = await _read_form(request)
    request.state.next = fields.get("next", "/")
    key = await credentials.ring.find(fields.get("key", "").strip())
    if key is None:
        problem = Unauthorized("This key is unknown, revoked or expired.", "unknown, revoked or expired")
        return problem_response(request, await request.app.state.refusals.answer(request, problem))
    if earlier := credentials.session(request):
        await credentials.sessions.close(earlier)
    response = _see(request.state.next)
    response.set_cookie(value=await credentials.sessions.open(key), max_age=SESSION_SECONDS, **_cookie(request))
    return response


@router.post("/logout")
async def log_out(request: Request) -> Response:
    credentials: Credentials = request.app.state.credentials
    if session := credentials.session(request):
        await credentials.sessions.close(session)
    response = _see("/")
    response.delete_cookie(**_cookie(request))
    return response


async def _read_form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise UnsupportedMediaType(f"Send the key as {FORM}, as the page does.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise TooLarge(f"The form is larger than {LARGEST} bytes.")
    return dict(parse_qsl(body.decode(errors="replace")))


def _see(path: str) -> Response:
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": local(path)})


def local(path: str) -> str:
    """The path below the landing page, as seen from `/login`: it leads to no other host, whatever it says."""
    return "./" + quote(re.sub(r"^[/\\.]*", "", path), safe=URL_CHARACTERS)


def _cookie(request: Request) -> dict[str, Any]:
    base = urls_of(request).base
    url = urlsplit(base)
    own = {"key": cookie_at(base), "path": url.path or "/", "secure": url.scheme == "https"}
    return {**own, "httponly": True, "samesite": "lax"}
