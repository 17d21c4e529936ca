"""The API keys as an API process knows them, a moment old at most, and the sessions of those who logged in with one."""

import asyncio
import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from loguru import logger

from ..errors import StartError, Unavailable
from .api_keys import KEY, ApiKey, KeysInFile, digest_of, read_stored
from .connection import STORE_ERRORS, trouble

if TYPE_CHECKING:
    from redis.asyncio import Redis

FRESH_SECONDS = 2.0
"""How long a revoked key may still be taken."""
RETRY_SECONDS = 0.25
"""After which an unknown key has the keys read again: it may have been made just now."""
SESSION_SECONDS = 12 * 3600


class KeyRing:
    """Every key by its hash. Where Redis or the file is away, those that were known go on."""

    def __init__(self, redis: "Redis", file: KeysInFile | None = None) -> None:
        self.redis = redis
        self.file = file
        self.keys: Mapping[str, ApiKey] | None = None
        self.read_at = 0.0
        self.reading = asyncio.Lock()

    async def find(self, secret: str) -> ApiKey | None:
        """The key, unless it is unknown, revoked or expired. Raises Unavailable where no keys could be read yet."""
        return await self.find_digest(digest_of(secret))

    async def find_digest(self, digest: str) -> ApiKey | None:
        keys = await self._known(FRESH_SECONDS)
        if digest not in keys:
            keys = await self._known(RETRY_SECONDS)
        key = keys.get(digest)
        if key is None or not hmac.compare_digest(key.digest, digest) or key.is_expired(datetime.now(UTC)):
            return None
        return key

    async def _known(self, age: float) -> Mapping[str, ApiKey]:
        if self.keys is not None and time.monotonic() - self.read_at < age:
            return self.keys
        async with self.reading:
            if self.keys is None or time.monotonic() - self.read_at >= age:
                await self._read()
        if self.keys is None:
            raise Unavailable("The API keys cannot be read now. Try again in a moment.")
        return self.keys

    async def _read(self) -> None:
        try:
            found = await asyncio.to_thread(self.file.all) if self.file else await self._in_redis()
            self.keys = {key.digest: key for key in found}
        except (*STORE_ERRORS, StartError) as error:
            what = str(error) if isinstance(error, StartError) else f"Redis {trouble(error)}"
            logger.error("the API keys are not read again: {}", what)
        self.read_at = time.monotonic()

    async def _in_redis(self) -> list[ApiKey]:
        stored: Any = await self.redis.hgetall(KEY)
        return read_stored(stored)


class Sessions:
    """Of browsers: a cookie holds a random text, Redis by its hash which key it stands for. The key is in neither."""

    def __init__(self, redis: "Redis") -> None:
        self.redis = redis

    async def open(self, key: ApiKey) -> str:
        """The text for the cookie."""
        token = token_urlsafe(32)
        await self.redis.set(_name(token), key.digest, ex=SESSION_SECONDS)
        return token

    async def digest(self, token: str) -> str | None:
        """Of the key that it stands for."""
        stored: Any = await self.redis.get(_name(token))
        return str(stored.decode()) if stored else None

    async def close(self, token: str) -> None:
        await self.redis.delete(_name(token))


def _name(token: str) -> str:
    return f"fp:session:{digest_of(token)}"
