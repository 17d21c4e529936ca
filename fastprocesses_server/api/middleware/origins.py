"""Which sites' pages may start and dismiss runs: browsers say from where a request comes, programs do not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ...errors import ForeignOrigin, echo
from ...execution.media_type import is_json
from ...settings import Settings
from ..base_url import urls_for
from ..hosts import is_private
from ..problems import problem_response

SAFE = frozenset(["GET", "HEAD", "OPTIONS"])
ANY = "*"
LOOPBACK = r"https?://(localhost|([a-z0-9-]+\.)+localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?"
"""Origins on this machine: of a front end that is being written, for instance."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Whose pages may call the server from a browser: by name, or by a pattern."""

    names: tuple[str, ...] = ()
    pattern: str | None = None

    @property
    def are_all(self) -> bool:
        return ANY in self.names

    def __contains__(self, origin: str) -> bool:
        is_like = self.pattern is not None and re.fullmatch(self.pattern, origin) is not None
        return is_like or self.are_all or origin in self.names


def allowed_origins(settings: Settings) -> Allowed:
    """Where nothing is set, a server that people at this machine use without a key is not every web site's to read."""
    if settings.cors_allowed_origins is not None:
        return Allowed(settings.cors_allowed_origins)
    return Allowed(pattern=LOOPBACK) if is_private(settings) else Allowed((ANY,))


def check_origin(method: str, headers: Mapping[str, str], base: str, allowed: Allowed) -> None:
    """Of a request that changes something, to the server at `base`.

    Browsers ask the server (CORS) before they send `DELETE`, or JSON, to another site. They do not before they send
    what a plain HTML form could: of such requests only those of our own pages are taken, whoever is allowed.

    Raises:
        ForeignOrigin: what to do about it.
    """
    origin = headers.get("origin")
    if not _is_foreign(origin, headers, base):
        return
    if origin and origin not in allowed:
        raise ForeignOrigin(
            f"Pages of {echo(origin)} may not do this here; FP_CORS_ALLOWED_ORIGINS names those that may."
        )
    if method == "POST" and not is_json(headers.get("content-type", "")):
        raise ForeignOrigin(
            "A page of another site must send its request as application/json. "
            "If it was a page of this server, FP_PUBLIC_URL is to name where browsers find it."
        )


def _is_foreign(origin: str | None, headers: Mapping[str, str], base: str) -> bool:
    """Whether a page of another origin sends it. Behind a proxy the scheme may differ: the host counts."""
    if origin is None:
        return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    try:
        named = urlsplit(origin).netloc.lower()
    except ValueError:
        return True
    return not named or named not in {headers.get("host", "").lower(), urlsplit(base).netloc.lower()}


def is_foreign_request(request: Request, settings: Settings) -> bool:
    return _is_foreign(request.headers.get("origin"), request.headers, urls_for(request, settings).base)


class OriginCheck:
    """Answers foreign requests before any route sees them."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.allowed = allowed_origins(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            base = urls_for(request, self.settings).base
            check_origin(request.method, request.headers, base, self.allowed)
        except ForeignOrigin as problem:
            await problem_response(request, problem)(scope, receive, send)
            return
        await self.app(scope, receive, send)
