"""Routes for what is asked most: the endpoint gets the request alone, at half of the cost of one of FastAPI."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import APIRouter, Request, Response
from starlette.routing import Match, Route
from starlette.types import Scope

Endpoint = TypeVar("Endpoint", bound=Callable[[Request], Awaitable[Response]])


class PlainRoute(Route):
    """Is known to the request's scope, as FastAPI's own are."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        return match, {**found, "route": self} if match is not Match.NONE else found


def plain_route(router: APIRouter, path: str, method: str = "GET") -> Callable[[Endpoint], Endpoint]:
    """With GET comes HEAD."""

    def add(endpoint: Endpoint) -> Endpoint:
        router.routes.append(PlainRoute(path, endpoint, methods=[method]))
        return endpoint

    return add
