"""Clients that go on while parts of a server are replaced, and what they were answered."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from serving import PLAIN

PAUSE = 0.2
"""Seconds between two requests of one client."""

PROCESS = (
    "import time\n\n\ndef say(word: str, seconds: float = 0.02) -> str:\n    time.sleep(seconds)\n    return word\n"
)


def write_process(folder: Path) -> Path:
    """The folder, with a process that returns its word."""
    folder.mkdir()
    (folder / "say.py").write_text(PROCESS)
    (folder / "say.yaml").write_text("callable: say.say\ntitle: Say\nversion: 1.0.0\n")
    return folder


Run = Callable[[httpx.Client, str], None]


class Load:
    """Each client keeps its connection, and none repeats a request."""

    def __init__(self, url: str, socket: Path | None = None) -> None:
        self.url = url
        self.socket = socket
        self.is_over = threading.Event()
        self.failures: list[str] = []
        self.answered = 0
        self.jobs: list[str] = []

    @contextmanager
    def going_on(self) -> Iterator["Load"]:
        """Clients that wait for outputs, briefly and for longer, two that make jobs, and one that reads."""
        runs: list[Run] = [self._wait, self._wait_longer, self._submit, self._submit, self._read]
        threads = [threading.Thread(target=self._go_on, args=(run,)) for run in runs]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.is_over.set()
            for thread in threads:
                thread.join()

    def client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(self.socket), verify=PLAIN) if self.socket else None
        return httpx.Client(base_url=self.url, timeout=30, transport=transport, verify=PLAIN)

    def _go_on(self, run: Run) -> None:
        number = 0
        with self.client() as client:
            while not self.is_over.is_set():
                number += 1
                try:
                    run(client, f"word {threading.get_ident()} {number}")
                    self.answered += 1
                except (httpx.HTTPError, AssertionError, KeyError, ValueError) as error:
                    self.failures.append(f"{run}: {type(error).__name__}: {error}")
                time.sleep(PAUSE)

    def _wait(self, client: httpx.Client, word: str, seconds: float = 0.02) -> None:
        inputs = {"word": word, "seconds": seconds}
        answer = client.post("/processes/say/execution", json={"inputs": inputs})
        assert answer.status_code == 200, answer.text
        assert answer.text == word

    def _wait_longer(self, client: httpx.Client, word: str) -> None:
        self._wait(client, word, 1.0)

    def _submit(self, client: httpx.Client, word: str) -> None:
        body = {"inputs": {"word": word}}
        answer = client.post("/processes/say/execution", json=body, headers={"Prefer": "respond-async"})
        assert answer.status_code == 201, answer.text
        self.jobs.append(answer.json()["jobID"])

    def _read(self, client: httpx.Client, _word: str) -> None:
        assert client.get("/processes/say").status_code == 200

    def lost(self, client: httpx.Client, seconds: float = 30) -> list[str]:
        """Jobs that are not successful within that time, with what they are."""
        end, left = time.monotonic() + seconds, list(self.jobs)
        while left and time.monotonic() < end:
            left = [job for job in left if client.get(f"/jobs/{job}").json().get("status") != "successful"]
        return [f"{job}: {client.get(f'/jobs/{job}').text}" for job in left]
