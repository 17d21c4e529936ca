"""API and workers must see one folder of results: readiness says when they do not."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from serving import Client, Part, shared_environment, wait_until


class Parts:
    """An API, and workers that may be given a folder of their own."""

    def __init__(self, redis_url: str, processes: Path, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.environment = shared_environment(redis_url, processes, folder)
        self.client = stack.enter_context(Client(base_url=f"http://127.0.0.1:{self.environment['FP_PORT']}"))

    def part(self, command: str, results: Path) -> Part:
        environment = {**self.environment, "FP_RESULTS_DIR": str(results)}
        part = Part(command, folder=self.folder, environment=environment)
        part.start()
        self.stack.callback(part.stop)
        return part

    def start(self, command: str, results: str = "results") -> Part:
        part = self.part(command, self.folder / results)
        wait_until(lambda: "ready" in part.log(), 60, part.log)
        return part

    def ready(self) -> httpx.Response:
        return self.client.get("/health/ready")

    def is_ready(self) -> bool:
        return self.ready().status_code == 200

    def reasons(self) -> list[str]:
        response = self.ready()
        assert response.status_code == 503
        assert response.headers["retry-after"]
        reasons: list[str] = response.json()["reasons"]
        return reasons


@pytest.fixture
def parts(redis_url: str, published: Path, tmp_path: Path) -> Iterator[Parts]:
    with ExitStack() as stack:
        yield Parts(redis_url, published, tmp_path, stack)


def test_a_worker_with_another_folder_makes_the_server_not_ready(parts: Parts) -> None:
    parts.start("serve")
    stranger = parts.start("worker", "elsewhere")
    text = "workers do not see the folder of results that the API sees; remedy: one shared volume that FP_RESULTS_DIR"
    wait_until(lambda: parts.ready().json().get("reasons") == [f"1 of 1 {text} names for all"], 10, stranger.log)
    parts.start("worker")
    wait_until(lambda: f"1 of 2 {text}" in parts.reasons()[0])
    assert stranger.stop() == 0
    wait_until(parts.is_ready)


def test_a_folder_that_can_no_longer_be_written_is_told_and_found_again(parts: Parts) -> None:
    api = parts.start("serve")
    worker = parts.start("worker")
    wait_until(parts.is_ready)
    results = parts.folder / "results"
    results.rename(parts.folder / "kept")
    results.touch()
    wait_until(lambda: len(parts.reasons()) == 2, 20)
    assert all("cannot write" in reason for reason in parts.reasons())
    for part in (api, worker):
        told = f"the folder of results {results} cannot be written"
        wait_until(lambda part=part, told=told: told in part.log(), explain=part.log)
    results.unlink()
    shutil.move(parts.folder / "kept", results)
    wait_until(parts.is_ready, 20)


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_neither_starts_with_a_folder_that_it_cannot_write(parts: Parts, command: str) -> None:
    (parts.folder / "file").touch()
    part = parts.part(command, parts.folder / "file" / "results")
    assert part.process
    assert part.process.wait(60) == 1
    assert "FP_RESULTS_DIR: user " in part.log()
    assert "Traceback" not in part.log()
