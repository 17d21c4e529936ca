"""A server whose parts may be killed: Valkey, the API and two workers as processes, each replaced when it is gone."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
from serving import PLAIN, ROOT, bound, free_port, own_environment

from fastprocesses_server.standalone.valkey import Valkey

OURS = [sys.executable, "-m", "fastprocesses_server"]
PROCESSES = Path(__file__).parent / "chaotic"
WORKERS = ("worker 1", "worker 2")
CHILDREN = 2
"""Of each worker."""


class Start(NamedTuple):
    """A start of the callable, as it wrote it down."""

    job_id: str
    child: int
    """The process that ran it."""
    grandchild: int
    """What that process has started."""


class Stack:
    """As `restart:` of a container would, it starts again what has ended, once all that came from it is gone."""

    def __init__(self, folder: Path, valkey: Valkey) -> None:
        self.folder = folder
        self.valkey = valkey
        self.points = folder / "points"
        self.points.mkdir()
        self.executions = folder / "executions"
        self.executions.touch()
        self.slow_loading = ""
        """Configuration with which Valkey takes its time when it starts."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environment: Mapping[str, str] = {
            **own_environment(),
            "PYTHONPATH": str(ROOT),
            "FP_REDIS_URL": valkey.url,
            "FP_PORT": str(port),
            "FP_PROCESSES_DIR": str(PROCESSES),
            "FP_RESULTS_DIR": str(folder / "results"),
            "FP_WORKER_CONCURRENCY": str(CHILDREN),
            "FP_WORKER_GRACE_SECONDS": "1",
            "FASTPROCESSES_FAIL_POINTS": str(self.points),
        }
        self.commands = {
            "redis": [str(valkey.binary), "-"],
            "api": [*OURS, "serve"],
            **{name: [*OURS, "worker"] for name in WORKERS},
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.is_stopping, self.keeps_no_more, self.is_over = threading.Event(), threading.Event(), threading.Event()
        self.keeper = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        self.keeper.start()

    def _keep(self) -> None:
        while not self.is_stopping.wait(0.05):
            for name in self.commands:
                process = self.processes.get(name)
                if process is None or process.poll() is not None:
                    if process:
                        self._end_session(process)
                    self.processes[name] = self._launch(name)
        self.keeps_no_more.set()
        self.is_over.wait()  # the processes die with the thread that started them

    def _launch(self, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                bound(*self.commands[name]),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )
        with suppress(BrokenPipeError):  # killed already
            assert process.stdin
            if name == "redis":
                process.stdin.write((self.valkey.configuration + self.slow_loading).encode())
            process.stdin.close()
        return process

    def _end_session(self, process: subprocess.Popen[bytes]) -> None:
        for pid in self.session(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def session(self, leader: int) -> list[int]:
        found = []
        for pid in psutil.pids():
            with suppress(ProcessLookupError):
                if os.getsid(pid) == leader and pid != leader:
                    found.append(pid)
        return found

    def starts(self) -> list[Start]:
        lines = self.executions.read_text().splitlines()
        return [Start(job_id, int(child), int(grandchild)) for job_id, child, grandchild in map(str.split, lines)]

    def own_processes(self) -> set[int]:
        """What came from its programs and lives, wherever it went."""
        mark = f"FASTPROCESSES_FAIL_POINTS={self.points}".encode()
        return {pid for pid in psutil.pids() if is_alive(pid) and mark in _environment(pid)}

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2, verify=PLAIN).status_code == 200
        except httpx.TransportError:
            return False

    def is_loading(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(os.fspath(self.valkey.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"-LOADING")
        except OSError:
            return False

    def stop(self) -> set[int]:
        """Ends everything; what is left of it."""
        self.is_stopping.set()
        self.keeps_no_more.wait()
        for names in (("api", *WORKERS), ("redis",)):
            ending = [self.processes[name] for name in names if name in self.processes]
            for process in ending:
                process.send_signal(signal.SIGCONT)
                process.terminate()
            for process in ending:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        left = self.own_processes()
        self.is_over.set()
        self.keeper.join()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return left

    def log(self) -> str:
        return "\n".join((self.folder / f"{name}.log").read_text(errors="replace")[-3000:] for name in self.commands)


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_for(condition: Callable[[], Any], seconds: float) -> Any:
    """What the condition returns once it is true, or at the end of the time."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return value
