"""A running server for the tests: the embedded Valkey, a real worker and the API, as `dev` starts them."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import pytest

from fastprocesses_server.jobs.connection import STORE_ERRORS, connect
from fastprocesses_server.standalone.valkey import Valkey, embedded_valkey

ROOT = Path(__file__).parent.parent
INSPECTIONS = ROOT / ".pytest_cache" / "inspections"
"""What imports of callables showed, for all servers of all runs of the tests."""
START_SECONDS = 60
END_SECONDS = 60
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of servers without TLS: reading the certificates takes each of them longer than most tests."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def bound(*command: str | Path) -> list[str]:
    """The command of a process that dies with the thread that started it, also where the tests are killed (Linux)."""
    setpriv = shutil.which("setpriv")
    return [*([setpriv, "--pdeathsig", "KILL"] if setpriv else []), *map(str, command)]


def own_environment(**more: str) -> dict[str, str]:
    """That of a command for which nothing is set but what the tests set."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FP_")}
    return {**own, "FP_INSPECTION_CACHE": str(INSPECTIONS), **more}


class Part:
    """One command of the server in a process of its own, with its log in a file."""

    def __init__(self, *command: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.command = [sys.executable, "-m", "fastprocesses_server", *command]
        self.folder = folder
        self.log_path = folder / f"{command[0]}-{token_hex(4)}.log"
        self.environment = own_environment(**environment)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                bound(*self.command),
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )

    def stop(self) -> int:
        """Its exit status; 0 where it was never started."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")


def shared_environment(redis_url: str, processes: Path, folder: Path) -> dict[str, str]:
    """For an API and workers that belong together, on a port of their own."""
    return {
        "FP_REDIS_URL": redis_url,
        "FP_PORT": str(free_port()),
        "FP_PROCESSES_DIR": str(processes),
        "FP_RESULTS_DIR": str(folder / "results"),
        "FP_WORKER_CONCURRENCY": "1",
    }


class OwnValkey:
    """A Valkey of one test, which may be held, killed and started again with its data."""

    def __init__(self, valkey: Valkey, url: str, settings: str) -> None:
        self.valkey = valkey
        self.url = url
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, more: str = "") -> None:
        """With more lines of configuration; it may still load its data when this returns."""
        self.process = subprocess.Popen(
            bound(self.valkey.binary, "-"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        assert self.process.stdin
        self.process.stdin.write((self.valkey.configuration + self.settings + more).encode())
        self.process.stdin.close()

    def answers(self) -> bool:
        """False also while it loads its data."""
        try:
            with connect(self.url, seconds=1) as redis:
                return bool(redis.ping())
        except STORE_ERRORS:
            return False

    def send(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait(10)


@contextmanager
def own_valkey(folder: Path, url: str = "", settings: str = "") -> Iterator[OwnValkey]:
    """At its socket, or where its settings and the URL say."""
    with embedded_valkey(folder) as valkey:
        own = OwnValkey(valkey, url or valkey.url, settings)
        own.start()
        wait_until(own.answers)
        yield own
        own.kill()


class Server:
    """`fastprocesses-server dev` in a process of its own, with its log in a file."""

    def __init__(self, processes: Path, state: Path, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.state = state
        self.url = f"http://localhost:{self.port}"
        self.log_path = state.with_suffix(".log")
        self.environment = {
            **own_environment(),
            "FP_PORT": str(self.port),
            "FP_PROCESSES_DIR": str(processes),
            "FP_STATE_DIR": str(state),
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                bound(sys.executable, "-m", "fastprocesses_server", "dev"),
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.state.parent,
            )
        wait_until(self.is_ready, START_SECONDS, self.log)

    def is_ready(self) -> bool:
        if self.process and self.process.poll() is not None:
            pytest.fail(f"the server ended with {self.process.returncode}:\n{self.log()}")
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5, verify=PLAIN).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")


def wait_until(condition: Any, seconds: float = 20, explain: Any = lambda: "", longest: float = 0.2) -> Any:
    """What the condition returns once it is true.

    What takes long is looked at more seldom: between two looks are `longest` seconds at most.
    """
    begin = now = time.monotonic()
    while now < begin + seconds:
        if value := condition():
            return value
        time.sleep(min(0.05 + (now - begin) / 20, longest))
        now = time.monotonic()
    pytest.fail(f"not so after {seconds} s: {condition}\n{explain()}")


def is_running(pid: int | str) -> bool:
    """Not so for a zombie, which only waits to be waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Client(httpx.Client):
    """HTTP with the few requests that every test makes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(verify=PLAIN, **options)

    def execute(self, process: str, inputs: Mapping[str, Any], prefer: str = "", **members: Any) -> httpx.Response:
        headers = {"Prefer": prefer} if prefer else {}
        body = {"inputs": inputs, **members}
        return self.post(f"/processes/{process}/execution", json=body, headers=headers)

    def submit(self, process: str, inputs: Mapping[str, Any], **members: Any) -> str:
        """The id of a new job."""
        response = self.execute(process, inputs, "respond-async", **members)
        assert response.status_code == 201, response.text
        job_id: str = response.json()["jobID"]
        return job_id

    def status(self, job_id: str) -> dict[str, Any]:
        response = self.get(f"/jobs/{job_id}")
        assert response.status_code == 200, response.text
        document: dict[str, Any] = response.json()
        return document

    def when(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """The status info once the job has one of the statuses."""

        def reached() -> dict[str, Any] | None:
            document = self.status(job_id)
            return document if document["status"] in statuses else None

        document: dict[str, Any] = wait_until(reached, END_SECONDS, lambda: str(self.status(job_id)))
        return document

    def finished(self, job_id: str) -> dict[str, Any]:
        return self.when(job_id, "successful", "failed", "dismissed")
