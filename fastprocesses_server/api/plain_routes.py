"""Routes for what is asked most: the endpoint gets the request alone, at half of the cost of one of FastAPI."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import APIRouter, Request, Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

Answer = Callable[[Request], Awaitable[Response]]
Endpoint = TypeVar("Endpoint", bound=Answer)


class PlainRoute(Route):
    """Is known to the request's scope, as FastAPI's own are. What its endpoint raises is the application's affair."""

    def __init__(self, path: str, endpoint: Answer, method: str) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.answer = endpoint
        self.app = self._answer

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        return match, {**found, "route": self} if match is not Match.NONE else found

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.answer(Request(scope, receive, send))
        await response(scope, receive, send)


def plain_route(router: APIRouter, path: str, method: str = "GET") -> Callable[[Endpoint], Endpoint]:
    """With GET comes HEAD."""

    def add(endpoint: Endpoint) -> Endpoint:
        router.routes.append(PlainRoute(path, endpoint, method))
        return endpoint

    return add
