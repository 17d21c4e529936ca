"""What a request shows to say who sends it: a key, a token, a trusted proxy's header or a session's cookie."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers

from ...errors import Unauthorized
from ...jobs.api_keys import ApiKey
from ...jobs.key_ring import KeyRing, Sessions
from ...settings import Settings
from ..base_url import is_trusted_proxy, urls_for
from .caller import NOBODY, Caller

if TYPE_CHECKING:
    from .tokens import Tokens

COOKIE = "fp_session"
SESSION = re.compile(r"[A-Za-z0-9_-]{43}")
KEY_HEADER = "X-API-Key"
REMEDY = "Send an API key as `Authorization: Bearer KEY` or `X-API-Key: KEY`; the operator of this server makes them."
LONGEST = 8192
"""Characters of a key or token; longer ones are not looked at."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who a request says it comes from, found out in one place."""

    settings: Settings
    ring: KeyRing
    sessions: Sessions
    tokens: "Tokens | None" = None

    async def caller(self, request: Request, *, takes_cookie: bool) -> Caller:
        """What is sent on purpose wins over what browsers and proxies add.

        Raises:
            Unauthorized: it shows something, and that is wrong. A session that has ended is as if nothing was shown.
        """
        if key := request.headers.get(KEY_HEADER):
            return await self._by_key(key)
        if caller := self._by_proxy(request):
            return caller
        if token := bearer(request.headers):
            return await self._by_token(token)
        if takes_cookie and (session := self.session(request)):
            return await self._by_session(session)
        return NOBODY

    def session(self, request: Request) -> str:
        """What the cookie holds; empty where there is none."""
        return session_in(request.headers, cookie_at(urls_for(request, self.settings).base))

    async def _by_token(self, token: str) -> Caller:
        if self.tokens and token.count(".") == 2 and len(token) <= LONGEST:
            return await self.tokens.caller(token)
        return await self._by_key(token)

    async def _by_key(self, secret: str) -> Caller:
        key = await self.ring.find(secret) if len(secret) <= LONGEST else None
        if key is None:
            raise Unauthorized(f"The API key is unknown, revoked or expired. {REMEDY}", "unknown, revoked or expired")
        return caller_by(key)

    async def _by_session(self, session: str) -> Caller:
        digest = await self.sessions.digest(session)
        key = await self.ring.find_digest(digest) if digest else None
        return caller_by(key) if key else NOBODY

    def _by_proxy(self, request: Request) -> Caller | None:
        header, roles = self.settings.user_header, self.settings.roles_header
        if not header or not is_trusted_proxy(request, self.settings):
            return None
        match [value.strip() for value in request.headers.getlist(header)]:
            case [] | [""]:
                return None
            case [user] if not user.isprintable():
                raise Unauthorized(f"What the proxy says in {header} is no name.", "no name")
            case [user]:
                named = ",".join(request.headers.getlist(roles)).split(",") if roles else ()
                return Caller(f"user:{user}", frozenset(filter(None, map(str.strip, named))))
        raise Unauthorized(f"The proxy says more than once who the caller is; it must replace {header}.", "ambiguous")


def caller_by(key: ApiKey) -> Caller:
    return Caller(f"key:{key.name}", key.roles)


def shows_metrics_token(authorization: str, settings: Settings) -> bool:
    token = settings.metrics_token
    return token is not None and compare_digest(authorization.encode(), f"Bearer {token.get_secret_value()}".encode())


def cookie_at(base: str) -> str:
    """The name of the cookie at this URL; with a prefix, where one is possible, by which no other host can set it."""
    url = urlsplit(base)
    return f"__Host-{COOKIE}" if url.scheme == "https" and url.path in ("", "/") else COOKIE


def session_in(headers: Headers, name: str) -> str:
    """Of two different ones, which another host of the domain can bring about, neither counts."""
    pairs = (pair.partition("=") for header in headers.getlist("cookie") for pair in header.split(";"))
    found = {value.strip() for key, _, value in pairs if key.strip() == name}
    session = found.pop() if len(found) == 1 else ""
    return session if SESSION.fullmatch(session) else ""


def bearer(headers: Mapping[str, str]) -> str:
    """The token of the header Authorization (RFC 6750, section 2.1); empty where there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
