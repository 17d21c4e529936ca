"""A server on a managed Redis: one endpoint, by TLS, that leads to another Valkey after a failover."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import redis
from endpoint import Endpoint
from kombu import Connection
from kombu.exceptions import OperationalError
from parts import Parts, start_parts
from replicated import PASSWORD, Replicated
from serving import wait_until

from fastprocesses_server.jobs.connection import celery_options, celery_url, connect, trouble

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicated]:
    """Without Sentinels: the service moves the primary itself."""
    running = Replicated(tmp_path_factory.mktemp("pair"), sentinels=0)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def endpoint(pair: Replicated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    running = Endpoint(pair.nodes[0].port, tmp_path_factory.mktemp("endpoint"))
    running.start()
    yield running
    running.stop()


def url_of(endpoint: Endpoint, **members: str) -> str:
    return f"rediss://:{quote(PASSWORD, safe='')}@127.0.0.1:{endpoint.port}/0?{urlencode(members)}"


@pytest.fixture
def parts(pair: Replicated, endpoint: Endpoint, published: Path, tmp_path: Path) -> Iterator[Parts]:
    wait_until(lambda: pair.nodes[0].replication().get("min_slaves_good_slaves") == 2, 40)
    files = {"ssl_ca_certs": endpoint.certificate, "ssl_certfile": endpoint.certificate, "ssl_keyfile": endpoint.key}
    with start_parts(
        url_of(endpoint, **{name: str(file) for name, file in files.items()}), published, tmp_path
    ) as running:
        yield running


def test_jobs_go_on_when_the_endpoint_moves(pair: Replicated, endpoint: Endpoint, parts: Parts, tmp_path: Path) -> None:
    """The earlier primary lives on as a replica, and closes no connection but those that wait for something."""
    old, new, other = pair.nodes
    assert parts.client.finished(parts.client.submit("sleep", {"seconds": 0}))["status"] == "successful"
    new.follow(None)
    endpoint.target = new.port
    for node in (old, other):
        node.follow(new)
    job_id, _ = parts.submit_until_accepted(tmp_path / "runs")
    assert parts.client.finished(job_id)["status"] == "successful"
    wait_until(parts.is_ready, 40, parts.log)
    parts.assert_is_well()


def test_nobody_believes_a_certificate_that_no_authority_vouches_for(endpoint: Endpoint) -> None:
    url = url_of(endpoint)
    connection = Connection(celery_url(url), transport_options=celery_options(url))
    with pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        connection.ensure_connection(max_retries=1, interval_start=0)
    with pytest.raises(redis.ConnectionError) as error:
        connect(url).ping()
    assert trouble(error.value).endswith("do not accept each other's certificates (TLS)")
