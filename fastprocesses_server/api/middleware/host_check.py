"""Requests for other hosts are answered before any route sees them."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ...errors import Problem
from ...settings import Settings
from ..hosts import check_host
from ..problems import problem_response


class HostCheck:
    """See `hosts.check_host`."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            try:
                check_host(named, self.settings)
            except Problem as problem:
                await problem_response(Request(scope, receive), problem)(scope, receive, send)
                return
        await self.app(scope, receive, send)
