"""The server under test: all processes of the other tests, and those of `published`."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from listening import Listener, listening
from serving import ROOT, Client, Server
from standard_schemas import EXAMPLES

HERE = Path(__file__).parent
WORKERS = 4
LOOPBACK = {"FP_REFERENCE_HOSTS": "127.0.0.1,localhost"}
"""References and callbacks of the tests are on this machine, which is no public host."""


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the standard's own example, its links to another server aside, where it is beside this checkout."""
    folder = tmp_path_factory.mktemp("conformance") / "processes.d"
    for source in (ROOT / "processes.d", ROOT / "tests" / "published", HERE / "published"):
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    if EXAMPLES.exists():
        example = json.loads((EXAMPLES / "ProcessDescription.json").read_text(encoding="utf-8"))
        file = {**example, "callable": "conforming.echo_everything", "links": []}
        (folder / "EchoProcess.json").write_text(json.dumps(file), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def server(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    state = tmp_path_factory.mktemp("conformance-server") / "state"
    running = Server(published, state, {"FP_WORKER_CONCURRENCY": str(WORKERS), **LOOPBACK})
    running.start()
    yield running
    assert running.stop() == 0, running.log()


@pytest.fixture(scope="session")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that keeps the jobs of synchronous runs and does not list its jobs."""
    state = tmp_path_factory.mktemp("conformance-other") / "state"
    settings = {"FP_WORKER_CONCURRENCY": "1", "FP_KEEP_SYNC_JOBS": "true", "FP_JOB_LIST": "off"}
    running = Server(HERE / "published", state, settings)
    running.start()
    yield running
    assert running.stop() == 0, running.log()


@pytest.fixture
def other_client(other_server: Server) -> Iterator[Client]:
    with Client(base_url=other_server.url, timeout=60) as client:
        yield client


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as running:
        yield running


@pytest.fixture
def running_job(client: Client) -> Iterator[str]:
    job_id = client.submit("sleep", {"seconds": 300})
    client.when(job_id, "running")
    yield job_id
    client.delete(f"/jobs/{job_id}")


@pytest.fixture
def waiting_job(client: Client) -> Iterator[str]:
    """Accepted and no more, for all workers are busy."""
    jobs = [client.submit("sleep", {"seconds": 300}) for _ in range(WORKERS)]
    for job_id in jobs:
        client.when(job_id, "running")
    jobs.append(client.submit("sleep", {"seconds": 0}))
    yield jobs[-1]
    for job_id in reversed(jobs):
        client.delete(f"/jobs/{job_id}")
