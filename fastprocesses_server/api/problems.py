"""Errors as responses with problem documents (RFC 9457, exception.yaml)."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request, Response
from jinja2 import TemplateError
from loguru import logger
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import trail
from ..errors import Problem, Unavailable, echo
from ..jobs.connection import STORE_ERRORS, trouble
from ..trail import REQUEST_ID
from .negotiation import allowed_methods, prefers_page
from .representation import Page, show
from .services import services_of

PROBLEM_JSON = "application/problem+json"
LISTS = {"processes": "Processes", "jobs": "Jobs"}


def media_type_for(accept: str) -> str:
    """`application/json` for clients that name it, and neither problem+json nor a wildcard before it."""
    for item in accept.lower().split(","):
        media_type = item.partition(";")[0].strip()
        if media_type == "application/json":
            return "application/json"
        if media_type in (PROBLEM_JSON, "*/*", "application/*"):
            break
    return PROBLEM_JSON


def problem_response(request: Request, problem: Problem) -> Response:
    return _response(request, problem.document(request.url.path), problem.headers())


def _response(request: Request, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    headers = {"Vary": "Accept", **(headers or {})}
    if prefers_page(request):
        try:
            page = show(request, _page(request, document), document)
        except TemplateError as error:  # in the operator's own folder: the problem matters more
            logger.error("the template of problems: {}", error)
        else:
            return Response(page.body, document["status"], {**page.headers, **headers}, media_type=page.media_type)
    media_type = media_type_for(request.headers.get("accept", ""))
    return Response(orjson.dumps(document), document["status"], headers, media_type)


def _page(request: Request, document: Mapping[str, Any]) -> Page:
    """Of a problem; where the server wants to know who asks, it is the one to log in."""
    if document["status"] != HTTPStatus.UNAUTHORIZED or not services_of(request).settings.asks_who:
        return Page("problem.html", document["title"], _trail(request))
    return Page("login.html", "Log in", facts={"next": getattr(request.state, "next", _asked(request))})


def _trail(request: Request) -> tuple[tuple[str, str], ...]:
    """The list that a path lies below, and the process or job of it that it is about."""
    above, *below = request.url.path.strip("/").split("/")
    if above not in LISTS or not below or (above == "jobs" and services_of(request).settings.job_list == "off"):
        return ()
    title = f"Job {below[0][:8]}" if above == "jobs" else below[0]
    one = ((title, f"{above}/{quote(below[0], safe='')}"),) if len(below) > 1 else ()
    return ((LISTS[above], above), *one)


def _asked(request: Request) -> str:
    """What a browser goes back to."""
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query if request.method == "GET" else "/"


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for these
    return problem_response(request, error)


async def _on_store_error(request: Request, error: Exception) -> Response:
    logger.error("{} {}: Redis: {}", request.method, request.url.path, error)
    return problem_response(request, Unavailable(f"The job store {trouble(error)}. Try again in a moment."))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """What the framework raises: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
    title = HTTPStatus(error.status_code).phrase
    document = {
        "type": "about:blank",
        "title": title,
        "status": error.status_code,
        "detail": f"{echo(request.method)} {echo(request.url.path)}: {title}",
    }
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join([*allowed_methods(request), "OPTIONS"])
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    return _response(request, document, headers)


async def _on_disconnect(_: Request, __: Exception) -> Response:
    """The client left before its body had come. Nobody reads this."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _on_fault(request: Request, error: Exception) -> Response:
    """A fault of ours: the client gets the name of its request, which the log has too, and not the text."""
    number = trail.current().request_id
    logger.opt(exception=error).error("fault {}: {} {}", number, request.method, request.url.path)
    document = {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": f"An error of the server. Its log has the details under {number}.",
    }
    return _response(request, document, {REQUEST_ID: number})


class AnswerToAll:
    """Requests that a fault of ours ends get an answer, with the headers that other sites' pages need to read it.

    So do those that the end of the server interrupts: uvicorn cancels them once its patience is over.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except asyncio.CancelledError:
            if has_begun or scope["type"] != "http":
                raise
            problem = Unavailable("The server stops, and with it the run that was waited for. Try again in a moment.")
            await problem_response(Request(scope), problem)(scope, receive, send)
        except Exception as error:
            if has_begun or scope["type"] != "http":
                raise
            request = Request(scope)
            await (await _on_fault(request, error))(scope, receive, send)


def add_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_fault)
    for kind in STORE_ERRORS:
        app.add_exception_handler(kind, _on_store_error)
