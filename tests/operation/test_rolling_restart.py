"""Two API processes and three workers, each a process group of its own, replaced one after the other under load."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from load import Load, write_process
from serving import Part, own_valkey, shared_environment, wait_until

Restart = Callable[[], None]


class Stack:
    """The API processes are those of one `serve`, which starts again those that end."""

    def __init__(self, folder: Path, redis_url: str, stack: ExitStack) -> None:
        self.environment = shared_environment(redis_url, write_process(folder / "processes.d"), folder)
        self.folder = folder
        self.stack = stack
        self.environment["FP_UNIX_SOCKET"] = str(folder / "api.sock")
        self.load = Load("http://localhost", folder / "api.sock")
        self.client = stack.enter_context(self.load.client())
        self.serve = self.start("serve", "--api-processes", "2")
        self.workers = [self.start("worker") for _ in range(3)]
        for worker in self.workers:
            wait_until(lambda worker=worker: "ready" in worker.log(), 60, worker.log)
        wait_until(lambda: self.serve.log().count("API ready") == 2, 60, self.serve.log)

    def start(self, *command: str) -> Part:
        part = Part(*command, folder=self.folder, environment=self.environment)
        part.start()
        self.stack.callback(part.stop)
        return part

    def apis(self) -> list[int]:
        assert self.serve.process
        children = psutil.Process(self.serve.process.pid).children()
        return sorted(child.pid for child in children if "--sockets" in child.cmdline())

    def restart_api(self, pid: int) -> None:
        before = self.serve.log().count("API ready")
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: self.serve.log().count("API ready") > before, 30, self.serve.log)
        assert pid not in self.apis()

    def restart_worker(self, number: int) -> None:
        assert self.workers[number].stop() == 0
        worker = self.workers[number] = self.start("worker")
        wait_until(lambda: "ready" in worker.log(), 30, worker.log)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Stack]:
    with ExitStack() as stack:
        yield Stack(tmp_path, stack.enter_context(own_valkey(tmp_path)).url, stack)


def test_a_rolling_restart_fails_no_request_and_loses_no_job(running: Stack, remark: Callable[[str], None]) -> None:
    apis = running.apis()
    assert len({os.getpgid(pid) for pid in apis}) == len(apis) == 2
    with running.load.going_on() as load:
        for pid in apis:
            running.restart_api(pid)
        for number in range(3):
            running.restart_worker(number)
    assert not load.failures
    assert not load.lost(running.client)
    assert not set(apis) & set(running.apis())
    remark(f"rolling restart: {load.answered} requests answered, {len(load.jobs)} jobs, none failed or lost")
