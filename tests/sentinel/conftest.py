"""A server, in parts, on a replicated Valkey."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

import pytest
from replicated import NAME, PASSWORD, SENTINEL_PASSWORD, Replicated
from serving import Client, Part, shared_environment, wait_until


class Parts(NamedTuple):
    """API, worker, and a client."""

    api: Part
    worker: Part
    client: Client

    def is_ready(self) -> bool:
        return self.client.get("/health/ready").status_code == 200

    def log(self) -> str:
        return self.api.log() + self.worker.log()

    def assert_is_well(self) -> None:
        """No part has ended, failed or shown a secret."""
        assert self.api.process
        assert self.worker.process
        assert (self.api.process.poll(), self.worker.process.poll()) == (None, None)
        for told in ("Traceback", "fault ", PASSWORD, quote(PASSWORD, safe=""), SENTINEL_PASSWORD):
            assert told not in self.log()


@contextmanager
def start_parts(url: str, published: Path, folder: Path) -> Iterator[Parts]:
    environment = shared_environment(url, published, folder)
    api, worker = (Part(command, folder=folder, environment=environment) for command in ("serve", "worker"))
    with ExitStack() as stack, Client(base_url=f"http://127.0.0.1:{environment['FP_PORT']}", timeout=30) as client:
        for part in (api, worker):
            stack.callback(part.stop)
            part.start()
            wait_until(lambda part=part: "ready" in part.log(), 60, part.log)
        yield Parts(api, worker, client)


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
