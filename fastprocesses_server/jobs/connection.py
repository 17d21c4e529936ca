"""Connections to Redis or Valkey, each with its time limits."""

import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.asyncio.sentinel import SentinelConnectionPool as AsyncSentinelConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from ..sentinel_url import SCHEME, SentinelUrl, read_sentinel_url

STORE_ERRORS = (redis.RedisError,)
"""What a command raises when Redis is away, silent, loading, full or read-only."""

CONNECT_SECONDS = 2
SENTINEL_SECONDS = 1
"""For each of the Sentinels, which are asked one after the other."""
CUT_SECONDS = 10
"""After which Celery notices a connection that was cut in silence."""
ASK_SECONDS = 1
AWAY_SECONDS = 10
"""Before Sentinels are asked again that did not answer."""


def is_elsewhere(error: Exception) -> bool:
    """Whether nothing was done, and another connection may: this one was closed, or its Redis is no longer the primary.

    A primary that was told to step back refuses, at first, because its replicas have left it.
    """
    return isinstance(error, redis.ConnectionError | redis.ReadOnlyError) or str(error).startswith("NOREPLICAS")


class _Once(Retry):
    """Another connection is tried once, in silence."""

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 1, supported_errors=STORE_ERRORS)

    def call_with_retry(self, do: Any, fail: Any, is_retryable: Any = None, with_failure_count: bool = False) -> Any:
        return super().call_with_retry(do, fail, is_retryable or is_elsewhere, with_failure_count)


class _OnceAsync(AsyncRetry):
    """The same for an event loop."""

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 1, supported_errors=STORE_ERRORS)

    async def call_with_retry(
        self, do: Any, fail: Any, is_retryable: Any = None, with_failure_count: bool = False
    ) -> Any:
        async def said() -> Any:
            """uvloop says in its own way that Redis has closed a connection since it was made."""
            try:
                return await do()
            except RuntimeError as error:
                if "handler is closed" not in str(error):
                    raise
                raise redis.ConnectionError(str(error)) from error

        return await super().call_with_retry(said, fail, is_retryable or is_elsewhere, with_failure_count)


REFUSED = (redis.AuthenticationError, redis.exceptions.NoPermissionError)

TROUBLES: Mapping[type[Exception] | tuple[type[Exception], ...], str] = {
    redis.BusyLoadingError: "is still loading its data",
    redis.OutOfMemoryError: "is full",
    redis.ReadOnlyError: "is a replica, which takes no jobs",
    REFUSED: "does not let this server in",
}


def trouble(error: BaseException) -> str:
    """What is wrong with a Redis, as a clause without address and secret, which clients may read."""
    for kind, what in TROUBLES.items():
        if isinstance(error, kind):
            return what
    if isinstance(error, redis.ResponseError) and str(error).startswith("MISCONF"):
        return "cannot write its data to disk"
    if isinstance(error.__context__, ssl.SSLError):
        return "and this server do not accept each other's certificates (TLS)"
    return "is away"


def connect(url: str, *, seconds: float = 5) -> redis.Redis:
    """A client for threads."""
    options = {"retry": _Once(), **_options(url, seconds)}
    if url.startswith(SCHEME):
        client: redis.Redis = _primary(Sentinel, url, options, connection_pool_class=_PrimaryPool)
        return client
    return redis.Redis.from_url(url, **options)


def connect_async(
    url: str, *, seconds: float = 2, connections: int = 64, kind: type["redis.asyncio.Redis"] = redis.asyncio.Redis
) -> "redis.asyncio.Redis":
    """A client for an event loop; callers wait for a free connection rather than fail."""
    options = {"retry": _OnceAsync(), **_options(url, seconds)}
    limits: dict[str, Any] = {"max_connections": connections, "timeout": seconds}
    if url.startswith(SCHEME):
        client: redis.asyncio.Redis = _primary(
            AsyncSentinel, url, options, redis_class=kind, connection_pool_class=_AsyncPrimaryPool, **limits
        )
        return client
    return kind.from_pool(redis.asyncio.BlockingConnectionPool.from_url(url, **limits, **options))


def _primary(kind: Any, url: str, options: dict[str, Any], **pool: Any) -> Any:
    """A client of the Redis that the Sentinels name when a connection is made."""
    where = read_sentinel_url(url)
    sentinel = kind(where.sentinels, sentinel_kwargs=_sentinel_options(where, options["retry"]))
    login = {"db": where.db, "username": where.username, "password": where.password, **_tls(where)}
    return sentinel.master_for(where.master, **login, **options, **pool)


class _PrimaryPool(SentinelConnectionPool):
    """Connections to the Redis that the Sentinels name.

    One that was replaced may answer for ten seconds more, from what it knew. So the Sentinels are asked now and then,
    and what leads to an earlier one is closed. That they are away is no reason to leave a Redis that answers.
    """

    ask_at = 0.0

    def get_connection(self, *_: Any, **__: Any) -> Any:
        now = time.monotonic()
        if now >= self.ask_at:
            self.ask_at = now + AWAY_SECONDS
            with suppress(*STORE_ERRORS):
                self.get_master_address()  # type: ignore[no-untyped-call] # redis-py has no types for it
                self.ask_at = now + ASK_SECONDS
        return super().get_connection()


class _AsyncPrimaryPool(AsyncSentinelConnectionPool, redis.asyncio.BlockingConnectionPool):
    """The same for an event loop; callers wait for a free connection."""

    ask_at = 0.0

    async def get_connection(self, *_: Any, **__: Any) -> Any:
        now = time.monotonic()
        if now >= self.ask_at:
            self.ask_at = now + AWAY_SECONDS
            with suppress(*STORE_ERRORS):
                await self.get_master_address()  # type: ignore[no-untyped-call]
                self.ask_at = now + ASK_SECONDS
        return await super().get_connection()  # type: ignore[no-untyped-call]

    async def release(self, connection: Any) -> None:
        """As the pool for threads does, which takes none back that leads to an earlier primary."""
        if (connection.host, connection.port) != self.master_address:
            await connection.disconnect()
        await super().release(connection)

    async def disconnect(self, inuse_connections: bool = True) -> None:
        await super().disconnect(inuse_connections)
        if inuse_connections:
            await self.sentinel_manager.aclose()


def _options(url: str, seconds: float) -> dict[str, Any]:
    options = {"socket_timeout": seconds, "socket_connect_timeout": CONNECT_SECONDS}
    return options if url.startswith("unix:") else {**options, "socket_keepalive": True}


def _sentinel_options(where: SentinelUrl, retry: Any) -> dict[str, Any]:
    return {
        "username": where.sentinel_username,
        "password": where.sentinel_password,
        "retry": retry,
        "socket_timeout": SENTINEL_SECONDS,
        "socket_connect_timeout": SENTINEL_SECONDS,
        **_tls(where),
    }


def _tls(where: SentinelUrl) -> dict[str, Any]:
    """For redis-py, which checks certificates and host names unless it is told not to."""
    if not where.tls:
        return {}
    checks = where.tls.get("ssl_check_hostname", "true").lower() not in {"false", "no", "0"}
    return {"ssl": True, **where.tls, "ssl_check_hostname": checks}


def celery_url(url: str) -> str:
    """The same Redis as kombu writes it."""
    if url.startswith(SCHEME):
        return _celery_sentinels(read_sentinel_url(url))
    if url.startswith("unix://"):
        return "redis+socket://" + url.removeprefix("unix://").replace("?db=", "?virtual_host=")
    parts = urlsplit(url)
    members = dict(parse_qsl(parts.query))
    path = f"/{members['db']}" if "db" in members else parts.path
    tls = _celery_tls(members) if parts.scheme == "rediss" else ""
    return parts._replace(path=path, query=tls).geturl()


def _celery_tls(members: Mapping[str, str]) -> str:
    """kombu alone would trust any certificate."""
    tls = {name: value for name, value in members.items() if name.startswith("ssl_")}
    return urlencode({"ssl_cert_reqs": "required", **tls})


def _celery_sentinels(where: SentinelUrl) -> str:
    """Each may be the one that kombu takes login and database from."""
    login = ":".join(quote(part or "", safe="") for part in (where.username, where.password))
    hosts = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in where.sentinels)
    query = f"?{_celery_tls(where.tls)}" if where.tls else ""
    return ";".join(f"{SCHEME}{login}@{host}/{where.db}{query}" for host in hosts)


def celery_options(url: str) -> dict[str, Any]:
    """What kombu wants to know beside the URL."""
    options = {**_options(url, 5), "health_check_interval": CUT_SECONDS}
    if not url.startswith(SCHEME):
        return options
    where = read_sentinel_url(url)
    known = _sentinel_options(where, _Once())
    return {**options, "master_name": where.master, "sentinel_kwargs": known}
