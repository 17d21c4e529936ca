"""How many requests there were, and how long they took: by method, route and status."""

import time
from http import HTTPMethod

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...jobs.counts import Tally

METHODS = frozenset(HTTPMethod)
OTHER = "other"
"""Any method that HTTP does not know."""
UNMATCHED = "unmatched"
"""Paths that no route has, and requests that were answered before one was looked for."""
UNANSWERED = "none"
"""The status of a request whose client has gone."""


class CountRequests:
    """Stands before all that answers."""

    def __init__(self, app: ASGIApp, tally: Tally) -> None:
        self.app = app
        self.tally = tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, begin = UNANSWERED, time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            status = "500"  # as the framework answers, which stands before all that an application adds
            raise
        finally:
            method = scope["method"] if scope["method"] in METHODS else OTHER
            self.tally.add_request(method, status, route_of(scope), time.perf_counter() - begin)


def route_of(scope: Scope) -> str:
    """The template of the route that was found, never the path itself."""
    return getattr(scope.get("route"), "path", UNMATCHED)
