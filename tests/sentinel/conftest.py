"""A server, in parts, on a replicated Valkey."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from parts import Parts, start_parts
from replicated import NAME, PASSWORD, SENTINEL_PASSWORD, Replicated
from serving import wait_until


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicated]:
    running = Replicated(tmp_path_factory.mktemp("replicated"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def sentinel_url(cluster: Replicated) -> str:
    hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in cluster.sentinels)
    members = urlencode({"master": NAME, "sentinel_password": SENTINEL_PASSWORD})
    return f"sentinel://:{quote(PASSWORD, safe='')}@{hosts}/2?{members}"


@pytest.fixture
def replicated(cluster: Replicated) -> Replicated:
    """The same, with all of it up."""
    cluster.settle()
    return cluster


@pytest.fixture(scope="module")
def running(
    cluster: Replicated, sentinel_url: str, published: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parts]:
    cluster.settle()
    with start_parts(sentinel_url, published, tmp_path_factory.mktemp("parts")) as running:
        yield running


@pytest.fixture
def parts(replicated: Replicated, running: Parts) -> Parts:
    """The server once it is ready."""
    wait_until(running.is_ready, 40, running.log)
    return running
