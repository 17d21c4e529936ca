"""Tokens (JWT, RFC 7519) of one issuer, checked with the keys that it publishes (JWKS, RFC 7517).

What a token says of itself decides nothing but which published key is tried: its algorithm must be one of the settings
and fit that key; keys and URLs in its header are not read.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import orjson
from loguru import logger

from ...errors import TokenHasExpired, Unauthorized, Unavailable
from ...execution.guard import Forbidden as Guarded
from ...execution.guard import guard_host
from ...execution.outgoing import create_client, get
from ...settings import Settings
from .caller import Caller

LEEWAY_SECONDS = 30
"""By which clocks may differ."""
FRESH_SECONDS = 300
"""After which the keys are fetched again."""
PAUSE_SECONDS = 30
"""Between two fetches, whatever tokens name."""
KEPT_SECONDS = 24 * 3600
"""How long keys are good for while the issuer is away."""
FETCH_SECONDS = 5
LARGEST = 1024**2

FAULTS: Mapping[type[Exception], str] = {
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidIssuerError: "the token is of another issuer",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.MissingRequiredClaimError: "the token lacks one of exp, iss, aud, sub",
    jwt.InvalidSignatureError: "the signature is wrong",
}

Jwk = Mapping[str, Any]
Fetch = Callable[[], Awaitable[Sequence[Jwk]]]


class Tokens:
    def __init__(self, settings: Settings, published: "PublishedKeys") -> None:
        self.settings = settings
        self.published = published

    async def caller(self, token: str) -> Caller:
        """Who the token is of. Raises Unauthorized, and Unavailable where the issuer's keys are not known."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise _refused("it is no token") from None
        algorithm = str(header.get("alg"))
        if algorithm not in self.settings.jwt_algorithms:
            raise _refused("the token is signed in a way that is not taken")
        found = choose_key(await self.published.keys(header.get("kid")), header.get("kid"), algorithm)
        if found is None:
            raise _refused("the issuer publishes no key that fits the token")
        claims = read_claims(token, found, algorithm, self.settings)
        return Caller(f"jwt:{claims['sub']}", roles_in(claims, self.settings.jwt_roles_claim))


def choose_key(keys: Sequence[Jwk], key_id: object, algorithm: str) -> jwt.PyJWK | None:
    """The one of that id, or, for a token that names none, the only one that fits."""
    fitting = [key for key in (_fitting(one, algorithm) for one in keys) if key]
    if key_id is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.key_id == key_id), None)


def _fitting(key: Jwk, algorithm: str) -> jwt.PyJWK | None:
    """The key, if it is one to check signatures of that algorithm with."""
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm or key.get("kty") == "oct":
        return None
    try:
        return jwt.PyJWK(dict(key), algorithm)
    except (jwt.PyJWTError, TypeError, ValueError):
        return None


def read_claims(token: str, key: jwt.PyJWK, algorithm: str, settings: Settings) -> dict[str, Any]:
    """Raises Unauthorized where a signature or claim is wrong."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except jwt.ExpiredSignatureError:  # its signature was right
        raise _refused("the token has expired", TokenHasExpired) from None
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise _refused(FAULTS.get(type(error), "the token is wrong")) from None
    if not claims["sub"] or not str(claims["sub"]).isprintable():
        raise _refused("the token names nobody")
    return claims


def roles_in(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """A list, or a text with blanks or commas; the path may as well be the name of one claim, as it stands."""
    found: Any = claims
    for step in [path] if path in claims else path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset(found.replace(",", " ").split())
    return frozenset(role for role in found if isinstance(role, str)) if isinstance(found, list) else frozenset()


def _refused(fault: str, kind: type[Unauthorized] = Unauthorized) -> Unauthorized:
    return kind(f"The token is not taken: {fault}. Ask its issuer for a new one.", fault)


@dataclass
class PublishedKeys:
    """The issuer's keys: known ones while it is away, fetched anew where a token names another, after a pause."""

    fetch: Fetch
    now: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.known: Sequence[Jwk] = ()
        self.fetched_at: float | None = None
        self.tried_at: float | None = None
        self.fetching = asyncio.Lock()

    async def keys(self, wanted: object) -> Sequence[Jwk]:
        """With the key of the wanted id, if the issuer has it. Raises Unavailable where none are known."""
        if self._is_due(wanted):
            async with self.fetching:
                if self._is_due(wanted):
                    await self._fetch()
        if self.fetched_at is None or self.now() - self.fetched_at > KEPT_SECONDS:
            raise Unavailable("The keys that tokens are checked with cannot be fetched now. Try again in a moment.")
        return self.known

    def _is_due(self, wanted: object) -> bool:
        if self.tried_at is not None and self.now() - self.tried_at < PAUSE_SECONDS:
            return False
        is_old = self.fetched_at is None or self.now() - self.fetched_at >= FRESH_SECONDS
        return is_old or (wanted is not None and all(key.get("kid") != wanted for key in self.known))

    async def _fetch(self) -> None:
        try:
            self.known = await self.fetch()
            self.fetched_at = self.now()
        except (httpx.HTTPError, Guarded, ValueError, OSError, TimeoutError) as error:
            logger.error("the keys of FP_JWT_JWKS_URL cannot be fetched: {}", error or type(error).__name__)
        self.tried_at = self.now()


def fetch_from(settings: Settings) -> Fetch:
    """The operator named the host, so that it may be a private one."""
    url = settings.jwt_jwks_url or ""
    guard = guard_host(httpx.URL(url).host, settings)

    async def fetch() -> Sequence[Jwk]:
        content = b""
        async with (
            asyncio.timeout(FETCH_SECONDS),
            create_client(guard, settings) as client,
            get(client, url) as response,
        ):
            response.raise_for_status()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > LARGEST:
                    raise ValueError("the answer is too large")
        return read_keys(content)

    return fetch


def read_keys(content: bytes) -> list[Jwk]:
    """Raises ValueError where it is no set of keys."""
    match orjson.loads(content):
        case {"keys": [*keys]}:
            return [key for key in keys if isinstance(key, dict)]
    raise ValueError("the answer is no set of keys")
