"""Connections to Redis or Valkey, each with its time limits."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from ..sentinel_url import SCHEME, SentinelUrl, read_sentinel_url

STORE_ERRORS = (redis.RedisError,)
"""What a command raises when Redis is away, silent, loading, full or read-only."""

REMADE = (redis.ConnectionError, redis.ReadOnlyError)
"""What is answered by another connection, once and in silence: Redis closed this one, or is a replica since."""

CONNECT_SECONDS = 2
SENTINEL_SECONDS = 1
"""For each of the Sentinels, which are asked one after the other."""


def connect(url: str, *, seconds: float = 5) -> redis.Redis:
    """A client for threads."""
    options = {"retry": Retry(NoBackoff(), 1, supported_errors=REMADE), **_options(url, seconds)}
    if url.startswith(SCHEME):
        client: redis.Redis = _primary(Sentinel, url, options)
        return client
    return redis.Redis.from_url(url, **options)


def connect_async(url: str, *, seconds: float = 2, connections: int = 64) -> "redis.asyncio.Redis":
    """A client for an event loop; callers wait for a free connection rather than fail."""
    options = {"retry": AsyncRetry(NoBackoff(), 1, supported_errors=REMADE), **_options(url, seconds)}
    limits: dict[str, Any] = {"max_connections": connections, "timeout": seconds}
    if url.startswith(SCHEME):
        client: redis.asyncio.Redis = _primary(
            AsyncSentinel, url, options, connection_pool_class=_PrimaryPool, **limits
        )
        return client
    return redis.asyncio.Redis.from_pool(redis.asyncio.BlockingConnectionPool.from_url(url, **limits, **options))


def _primary(kind: Any, url: str, options: dict[str, Any], **pool: Any) -> Any:
    """A client of the Redis that the Sentinels name when a connection is made."""
    where = read_sentinel_url(url)
    sentinel = kind(where.sentinels, sentinel_kwargs=_sentinel_options(where, options["retry"]))
    login = {"db": where.db, "username": where.username, "password": where.password}
    return sentinel.master_for(where.master, **login, **options, **pool)


class _PrimaryPool(SentinelConnectionPool, redis.asyncio.BlockingConnectionPool):
    """Connections to the primary that the Sentinels name; callers wait for a free one."""

    async def release(self, connection: Any) -> None:
        """As the pool for threads does, which keeps no connection to an earlier primary."""
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
    }


def celery_url(url: str) -> str:
    """The same Redis as kombu writes it."""
    if url.startswith(SCHEME):
        return _celery_sentinels(read_sentinel_url(url))
    if url.startswith("unix://"):
        return "redis+socket://" + url.removeprefix("unix://").replace("?db=", "?virtual_host=")
    parts = urlsplit(url)
    members = dict(parse_qsl(parts.query))
    path = f"/{members['db']}" if "db" in members else parts.path
    tls = {name: value for name, value in members.items() if name.startswith("ssl_")}
    if parts.scheme == "rediss":
        tls = {"ssl_cert_reqs": "required", **tls}  # kombu alone would trust any certificate
    return parts._replace(path=path, query=urlencode(tls)).geturl()


def _celery_sentinels(where: SentinelUrl) -> str:
    """Each may be the one that kombu takes login and database from."""
    login = ":".join(quote(part or "", safe="") for part in (where.username, where.password))
    hosts = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in where.sentinels)
    return ";".join(f"{SCHEME}{login}@{host}/{where.db}" for host in hosts)


def celery_options(url: str) -> dict[str, Any]:
    """What kombu wants to know beside the URL."""
    options = _options(url, 5)
    if not url.startswith(SCHEME):
        return options
    where = read_sentinel_url(url)
    known = _sentinel_options(where, Retry(NoBackoff(), 1, supported_errors=REMADE))
    return {**options, "master_name": where.master, "sentinel_kwargs": known}
