"""How often a client may ask (draft-ietf-httpapi-ratelimit-headers-11)."""

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...errors import TooManyRequests
from ...jobs.rates import Count, Rates
from ...settings import Settings
from ...settings.quotas import Rate
from ..callers.authentication import is_unasked
from ..client import client_of
from ..problems import problem_response

POLICY = TooManyRequests.policy
FREE = ("/health/", "/metrics")
"""For those who run the server; and what is the same for all is not counted either."""


def limit_headers(rate: Rate, count: Count) -> dict[str, str]:
    left = max(rate.count - count.requests, 0)
    return {
        "RateLimit-Policy": f'"{POLICY}";q={rate.count};w={rate.seconds}',
        "RateLimit": f'"{POLICY}";r={left};t={count.seconds}',
    }


def is_free(method: str, path: str) -> bool:
    return method == "OPTIONS" or path.startswith(FREE) or is_unasked(path)


class RateLimit:
    """Answers 429 itself, and tells every other client what is left."""

    def __init__(self, app: ASGIApp, settings: Settings, rates: Rates) -> None:
        self.app = app
        self.settings = settings
        self.rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_free(scope["method"], scope["path"]):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        count = await self.rates.count(client_of(request, self.settings))
        if count is None:
            await self.app(scope, receive, send)
            return
        rate = self.rates.rate
        told = _telling(send, limit_headers(rate, count))
        if count.requests <= rate.count:
            await self.app(scope, receive, told)
            return
        detail = f"More than {rate.count} requests in {rate.seconds} s. Try again in {count.seconds} s."
        await problem_response(request, TooManyRequests(detail, count.seconds))(scope, receive, told)


def _telling(send: Send, headers: dict[str, str]) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return telling
