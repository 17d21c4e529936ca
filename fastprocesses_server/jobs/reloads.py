"""Reloads: a number in Redis; where it changes, every API and worker reads the description files again."""

from typing import Any

import redis
import redis.asyncio
from loguru import logger

from ..errors import StartError
from .connection import STORE_ERRORS, connect, trouble

KEY = "fp:reloads"

LOOK_SECONDS = 0.5
"""Between two looks at the number."""


def ask_all(url: str) -> None:
    """Have all who share this Redis look again. Raises StartError where it is away."""
    try:
        with connect(url) as client:
            client.incr(KEY)
    except STORE_ERRORS as error:
        raise StartError(f"nobody could be told: the Redis of the jobs {trouble(error)}") from None


def first_number(url: str) -> int:
    """To be read before the files are, so that no change is missed; where Redis is away, one look too many follows."""
    with connect(url) as client:
        return number(client, 0)


def number(client: redis.Redis, known: int) -> int:
    """The number now; the known one where Redis is away."""
    try:
        return _read(client.get(KEY))
    except STORE_ERRORS as error:
        return _unread(error, known)


async def number_async(client: redis.asyncio.Redis, known: int) -> int:
    try:
        return _read(await client.get(KEY))
    except STORE_ERRORS as error:
        return _unread(error, known)


def _read(stored: Any) -> int:
    return int(stored or 0)


def _unread(error: Exception, known: int) -> int:
    logger.debug("whether to read the description files again is not known: {}", error)
    return known
