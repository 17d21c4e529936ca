"""API and workers that do not have the same processes, as while a new version is rolled out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from serving import Client, Part, shared_environment, wait_until

from fastprocesses_server.jobs.connection import connect

DESCRIPTION = """
callable: shout.shout
version: {version}
inputs:
  text: {{schema: {{type: string}}}}
{inputs}
outputs:
  result: {{schema: {{type: string}}}}
"""
MODULE = "def shout(text, mark='!'):\n    return text.upper() + mark\n"


class Skew:
    """An API, and workers with folders of their own, on one Redis."""

    def __init__(self, environment: Mapping[str, str], folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.environment = environment
        url = f"http://127.0.0.1:{self.environment['FP_PORT']}"
        self.client = stack.enter_context(Client(base_url=url, timeout=30))

    def start(self, command: str, version: str, inputs: str = "", module: str = MODULE, process: str = "shout") -> Part:
        processes = self.folder / f"{command}-{version}"
        processes.mkdir()
        (processes / "shout.py").write_text(module)
        (processes / f"{process}.yaml").write_text(DESCRIPTION.format(version=version, inputs=inputs))
        environment = {**self.environment, "FP_PROCESSES_DIR": str(processes)}
        part = Part(command, folder=self.folder, environment=environment)
        part.start()
        self.stack.callback(part.stop)
        wait_until(lambda: "ready" in part.log(), 60, part.log)
        return part

    def submit(self) -> str:
        return self.client.submit("shout", {"text": "hey"})

    def ready(self) -> httpx.Response:
        return self.client.get("/health/ready")


@pytest.fixture(scope="module")
def api(valkey: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment of an API that has version 1.0.0 of the process, and of its workers."""
    folder = tmp_path_factory.mktemp("skew")
    with ExitStack() as stack:
        skew = Skew(shared_environment(valkey, folder, folder), folder, stack)
        skew.start("serve", "1.0.0")
        yield skew.environment


@pytest.fixture
def skew(api: Mapping[str, str], redis_url: str, tmp_path: Path) -> Iterator[Skew]:
    with ExitStack() as stack:
        yield Skew(api, tmp_path, stack)


@pytest.fixture
def newer(redis_url: str, tmp_path: Path) -> Iterator[Skew]:
    """With an API that has version 2.0.0."""
    with ExitStack() as stack:
        skew = Skew(shared_environment(redis_url, tmp_path, tmp_path), tmp_path, stack)
        skew.start("serve", "2.0.0")
        yield skew


@pytest.fixture
def unfit_for_a_minute(redis_url: str) -> Callable[[str], None]:
    def age(job_id: str) -> None:
        with connect(redis_url) as redis:
            redis.hincrby(f"fp:job:{job_id}", "unfit_since", -60_000)

    return age


def test_a_newer_worker_runs_a_job_whose_inputs_still_validate(skew: Skew) -> None:
    worker = skew.start("worker", "1.1.0", "  mark: {schema: {type: string, default: '?'}}")
    job_id = skew.submit()
    assert skew.client.finished(job_id)["status"] == "successful"
    assert skew.client.get(f"/jobs/{job_id}/results").text == "HEY?"
    definition = skew.client.get(f"/jobs/{job_id}/definition").json()
    assert (definition["version"], definition["ran"]["version"]) == ("1.0.0", "1.1.0")
    assert definition["ran"]["fingerprint"] != definition["fingerprint"]
    assert "warnings" not in skew.ready().json()
    wait_until(lambda: f"job {job_id} successful" in worker.log(), explain=worker.log)


def test_a_changed_comment_does_not_stop_a_job(skew: Skew) -> None:
    skew.start("worker", "1.0.0", module=MODULE + "# changed\n")
    job_id = skew.submit()
    assert skew.client.finished(job_id)["status"] == "successful"
    definition = skew.client.get(f"/jobs/{job_id}/definition").json()
    assert definition["ran"]["fingerprint"] != definition["fingerprint"]


def test_an_older_worker_gives_a_job_back_until_a_fitting_one_comes(newer: Skew) -> None:
    old = newer.start("worker", "1.0.0")
    job_id = newer.submit()
    what = "waits for a worker that has shout 2.0.0 or newer, not 1.0.0"
    wait_until(lambda: newer.client.status(job_id).get("message") == what)
    assert newer.client.status(job_id)["status"] == "accepted"
    wait_until(lambda: f"job {job_id} accepted: it {what}" in old.log(), explain=old.log)
    assert newer.ready().json()["warnings"] == ["no worker has shout 2.0.0; its jobs wait for one"]
    newer.start("worker", "2.0.0")
    document = newer.client.finished(job_id)
    assert document["status"] == "successful"
    assert "message" not in document


def test_a_job_that_no_worker_fits_fails_after_a_minute(skew: Skew, unfit_for_a_minute: Callable[[str], None]) -> None:
    skew.start("worker", "1.1.0", "  mark: {schema: {type: string}}")
    job_id = skew.submit()
    wait_until(lambda: "does not fit shout 1.1.0" in skew.client.status(job_id).get("message", ""))
    assert skew.client.status(job_id)["status"] == "accepted"
    unfit_for_a_minute(job_id)
    document = skew.client.finished(job_id)
    assert document["status"] == "failed"
    assert document["exception"]["type"].endswith("/no-fitting-worker")
    assert "shout 1.1.0: $.inputs.mark" in document["message"]


def test_a_job_waits_where_there_is_no_worker_at_all(skew: Skew) -> None:
    job_id = skew.submit()
    assert skew.ready().status_code == 503
    assert skew.client.status(job_id)["status"] == "accepted"
    skew.start("worker", "1.0.0")
    assert skew.client.finished(job_id)["status"] == "successful"


def test_a_worker_without_the_process_gives_its_jobs_back(skew: Skew) -> None:
    worker = skew.start("worker", "1.0.0", process="whisper")
    job_id = skew.submit()
    wait_until(lambda: skew.client.status(job_id).get("message") == "waits for a worker that has shout 1.0.0")
    told = f"job {job_id} accepted: it waits for a worker that has shout 1.0.0"
    wait_until(lambda: told in worker.log(), explain=worker.log)
    assert "Traceback" not in worker.log()
