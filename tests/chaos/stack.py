"""A server whose parts may be killed: Valkey, the API and two workers as processes, each replaced when it is gone."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil
from serving import ROOT, free_port

from fastprocesses_server.standalone.valkey import Valkey

OURS = [sys.executable, "-m", "fastprocesses_server"]
PROCESSES = Path(__file__).parent / "chaotic"


class Stack:
    """As `restart:` of a container would, it starts again what has ended, once all that came from it is gone."""

    def __init__(self, folder: Path, valkey: Valkey) -> None:
        self.folder = folder
        self.valkey = valkey
        self.points = folder / "points"
        self.points.mkdir()
        self.executions = folder / "executions"
        self.executions.touch()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environment: Mapping[str, str] = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FP_")},
            "PYTHONPATH": str(ROOT),
            "FP_REDIS_URL": valkey.url,
            "FP_PORT": str(port),
            "FP_PROCESSES_DIR": str(PROCESSES),
            "FP_RESULTS_DIR": str(folder / "results"),
            "FP_WORKER_CONCURRENCY": "2",
            "FP_WORKER_GRACE_SECONDS": "1",
            "FASTPROCESSES_FAIL_POINTS": str(self.points),
        }
        self.commands = {
            "redis": [str(valkey.binary), "-"],
            "api": [*OURS, "serve"],
            "worker 1": [*OURS, "worker"],
            "worker 2": [*OURS, "worker"],
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.is_stopping = threading.Event()
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

    def _launch(self, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                self.commands[name],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )
        assert process.stdin
        if name == "redis":
            process.stdin.write(self.valkey.configuration.encode())
        process.stdin.close()
        return process

    def _end_session(self, process: subprocess.Popen[bytes]) -> None:
        for pid in self.session(process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def session(self, leader: int) -> list[int]:
        found = []
        for pid in psutil.pids():
            try:
                if os.getsid(pid) == leader and pid != leader:
                    found.append(pid)
            except ProcessLookupError:
                continue
        return found

    def pid_of(self, target: str, hit: int) -> int:
        """`child` is the process that reached the fail point, `worker` its parent."""
        if target == "child":
            return hit
        if target == "worker":
            return psutil.Process(hit).ppid()
        return self.processes[target].pid

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> list[int]:
        """Ends everything; what is left of it."""
        self.is_stopping.set()
        self.keeper.join()
        for name in reversed(self.commands):
            if process := self.processes.get(name):
                process.send_signal(signal.SIGCONT)
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        left = [pid for process in self.processes.values() for pid in self.session(process.pid)]
        for process in self.processes.values():
            self._end_session(process)
        return left

    def log(self) -> str:
        return "\n".join((self.folder / f"{name}.log").read_text(errors="replace")[-3000:] for name in self.commands)


def wait_for(condition: object, seconds: float) -> bool:
    """Whether it came true in time."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
