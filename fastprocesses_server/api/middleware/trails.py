"""Requests in log and traces: an id, the trace that the client is in, and one line for each."""

import time
from collections.abc import Mapping, Sequence
from functools import partial

from loguru import logger
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ... import traces, trail
from ...trail import REQUEST_ID
from ..callers.caller import NOBODY, Caller
from .origins import SAFE

NAME = REQUEST_ID.lower().encode()
GIVEN = (NAME, b"traceparent", b"tracestate")
UNTOLD = ("/health/", "/metrics", "/static/", "/logo")
"""What is asked for all the time; told at TRACE, and no part of any trace."""


class FollowRequests:
    """Has all that a request leads to told with its id. The server gives every request a task of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = _given(scope)
        now = trail.Trail(
            trail.request_id(given[NAME]),
            trail.read_traceparent(given[b"traceparent"]),
            partial(_caller, scope),
            tracestate=trail.read_tracestate(given[b"tracestate"]),
        )
        # It is still told when a fault is, which is done outside of this.
        trail.begin(now)
        if scope["path"].startswith(UNTOLD):
            await self._follow(scope, receive, send)
            return
        facts = {"http.request.method": scope["method"], "url.path": scope["path"]}
        with traces.span(scope["method"], "server", facts):
            await self._follow(scope, receive, send)

    async def _follow(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.monotonic(), 0
        name = trail.current().request_id.encode()

        async def answering(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (NAME, name)]
            await send(message)

        try:
            await self.app(scope, receive, answering)
        finally:
            _tell(scope, status or 500, time.monotonic() - began)


def _given(scope: Scope) -> Mapping[bytes, Sequence[str]]:
    """What clients and proxies say of the trail, by header."""
    given: dict[bytes, list[str]] = {name: [] for name in GIVEN}
    for name, value in scope["headers"]:
        if name in given:
            given[name].append(value.decode("latin-1"))
    return given


def _caller(scope: Scope) -> str:
    caller: Caller = scope.get("state", {}).get("caller", NOBODY)
    return caller.name


def _tell(scope: Scope, status: int, seconds: float) -> None:
    """Without the query, which may be a secret."""
    method, path, route = scope["method"], scope["path"], getattr(scope.get("route"), "path", "")
    logger.log(
        _level(method, path, status),
        "{method} {path} {status} in {milliseconds} ms",
        method=method,
        path=path,
        status=status,
        milliseconds=round(seconds * 1000),
    )
    facts: traces.Facts = {"http.response.status_code": status, **({"http.route": route} if route else {})}
    traces.note(facts, name=f"{method} {route}".rstrip(), is_fault=status >= 500)


def _level(method: str, path: str, status: int) -> str:
    """What only looks is for those who want to know everything: pages and clients ask for a job every second."""
    if path.startswith(UNTOLD):
        return "TRACE"
    return "DEBUG" if method in SAFE and status < 500 else "INFO"
