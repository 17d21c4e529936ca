"""Connections to Redis or Valkey, each with its time limits."""

from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

STORE_ERRORS = (redis.RedisError,)
"""What a command raises when Redis is away, silent, loading, full or read-only."""

CONNECT_SECONDS = 2


REFUSED = (redis.AuthenticationError, redis.exceptions.NoPermissionError)


def trouble(error: BaseException) -> str:
    """What is wrong with a Redis, as a clause without address and secret, which clients may read."""
    match error:
        case redis.BusyLoadingError():
            return "is still loading its data"
        case redis.OutOfMemoryError():
            return "is full"
        case redis.ReadOnlyError():
            return "is a replica, which takes no jobs"
        case redis.ResponseError() if str(error).startswith("MISCONF"):
            return "cannot write its data to disk"
        case _ if isinstance(error, REFUSED):
            return "does not let this server in"
        case _:
            return "is away"


def connect(url: str, *, seconds: float = 5) -> redis.Redis:
    """A client for threads. A connection that Redis closed meanwhile is replaced once, in silence."""
    retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return redis.Redis.from_url(url, retry=retry, **_options(url, seconds))


def connect_async(url: str, *, seconds: float = 2, connections: int = 64) -> "redis.asyncio.Redis":
    """A client for an event loop; callers wait for a free connection rather than fail."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=seconds,
        retry=AsyncRetry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        **_options(url, seconds),
    )
    return redis.asyncio.Redis.from_pool(pool)


def _options(url: str, seconds: float) -> dict[str, Any]:
    options = {"socket_timeout": seconds, "socket_connect_timeout": CONNECT_SECONDS}
    return options if url.startswith("unix:") else {**options, "socket_keepalive": True}


def celery_url(url: str) -> str:
    """The same Redis as kombu writes it: a unix socket is `redis+socket://` there."""
    if not url.startswith("unix://"):
        return url
    return "redis+socket://" + url.removeprefix("unix://").replace("?db=", "?virtual_host=")
