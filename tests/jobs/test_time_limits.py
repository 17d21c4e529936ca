"""No connection to Redis waits for ever, whoever makes it."""

from collections.abc import Callable
from typing import Any

import pytest
from serving import free_port, own_valkey

from fastprocesses_server.jobs.connection import connect, connect_async
from fastprocesses_server.processes.registry import Registry
from fastprocesses_server.settings import Settings
from fastprocesses_server.worker.app import create_worker
from fastprocesses_server.worker.succession import Reloads


def of_celery(url: str) -> Any:
    """What kombu makes connections with."""
    settings, registry = Settings(redis_url=url), Registry({})  # type: ignore[arg-type]
    app = create_worker(settings, registry, Reloads(settings, lambda: registry, 0))
    with app.connection_for_read() as connection:
        return connection.default_channel.client.connection_pool


@pytest.mark.parametrize(
    "pool_of",
    [lambda url: connect(url).connection_pool, lambda url: connect_async(url).connection_pool, of_celery],
    ids=["threads", "event loop", "celery"],
)
def test_every_connection_has_time_limits(pool_of: Callable[[str], Any], tmp_path_factory: Any) -> None:
    port = free_port()
    with own_valkey(tmp_path_factory.mktemp("limits"), settings=f"port {port}\nbind 127.0.0.1\n") as valkey:
        for url in (valkey.url, f"redis://127.0.0.1:{port}/0"):
            options = pool_of(url).connection_kwargs
            assert 0 < options["socket_timeout"] <= 5
            if url.startswith("redis:"):
                assert 0 < options["socket_connect_timeout"] <= 2
                assert options["socket_keepalive"]
