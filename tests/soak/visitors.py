"""Clients that ask for one run after the other, each in a way of its own, and remember what must become of it."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import Client

AT_ONCE = 8
LEAVES_AFTER = 0.2
STEP = 7
"""Through the rota, so that what follows each other is mixed."""
EQUAL = 3
"""Requests of one visit that are joined, or answered from the cache."""


@dataclass(frozen=True)
class Expected:
    """Of a job that was accepted."""

    status: str
    result: str = ""
    status_code: int = 200


class Visitors:
    """A few at once, each with a connection of its own that it keeps."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.expected: dict[str, Expected] = {}
        self.answered = self.left = 0
        self.lock = threading.Lock()
        self.local = threading.local()
        shares = {
            self.tiny: 30,
            self.tiny_waited_for: 14,
            self.cached: 8,
            self.joined: 6,
            self.failing: 6,
            self.large: 6,
            self.large_again: 3,
            self.reporting: 5,
            self.retried: 5,
            self.sent_twice: 3,
            self.dismissed_at_once: 1,
            self.dismissed_while_it_runs: 1,
            self.leaving: 1,
        }
        self.rota = [visit for visit, share in shares.items() for _ in range(share)]

    @property
    def runs(self) -> int:
        """Asked for so far."""
        return len(self.expected) + self.answered + self.left

    def visit(self, numbers: Iterable[int]) -> None:
        with ExitStack() as stack:

            def enter() -> None:
                self.local.client = stack.enter_context(Client(base_url=self.url, timeout=120))

            with ThreadPoolExecutor(AT_ONCE, initializer=enter) as pool:
                for _ in pool.map(self._visit, numbers):
                    pass

    def _visit(self, number: int) -> None:
        self.rota[number * STEP % len(self.rota)](number)

    @property
    def client(self) -> Client:
        client: Client = self.local.client
        return client

    def accepted(self, process: str, inputs: dict[str, Any], status: str, result: object = "", code: int = 200) -> str:
        job_id = self.client.submit(process, inputs)
        with self.lock:
            assert job_id not in self.expected
            self.expected[job_id] = Expected(status, str(result), code)
        return job_id

    def waited_for(self, process: str, number: int) -> None:
        response = self.client.execute(process, {"number": number})
        assert (response.status_code, response.json()) == (200, number + 1)
        with self.lock:
            self.answered += 1

    def tiny(self, number: int) -> None:
        self.accepted("tiny", {"number": number}, "successful", number + 1)

    def tiny_waited_for(self, number: int) -> None:
        self.waited_for("tiny", number)

    def cached(self, number: int) -> None:
        if number % 2:
            self.waited_for("shared", number % 3)
        else:
            self.accepted("shared", {"number": number % 3}, "successful", number % 3 + 1)

    def joined(self, number: int) -> None:
        for _ in range(EQUAL):
            self.accepted("shared", {"number": number}, "successful", number + 1)
        self.waited_for("shared", number)

    def failing(self, number: int) -> None:
        self.accepted("fail", {"number": number}, "failed", code=500)

    def large(self, number: int) -> None:
        self.accepted("large", {"number": number}, "successful", str(number % 10) * 100_000)

    def large_again(self, number: int) -> None:
        self.large(number % 5)

    def reporting(self, number: int) -> None:
        self.accepted("report", {"number": number}, "successful", number + 1)

    def retried(self, number: int) -> None:
        self.accepted("retried", {"number": number, "folder": str(self.folder)}, "successful", number + 1)

    def sent_twice(self, number: int) -> None:
        headers = {"Prefer": "respond-async", "Idempotency-Key": f"key-{number}"}
        body = {"inputs": {"number": number}}
        ids = {self.client.post("/processes/tiny/execution", json=body, headers=headers).json()["jobID"] for _ in "ab"}
        with self.lock:
            self.expected[ids.pop()] = Expected("successful", str(number + 1))
        assert not ids

    def dismissed_at_once(self, number: int) -> None:
        self._dismiss(self.accepted("wait", {"number": number}, "dismissed", code=410))

    def dismissed_while_it_runs(self, number: int) -> None:
        job_id = self.accepted("wait", {"number": number}, "dismissed", code=410)
        self.client.when(job_id, "running")
        self._dismiss(job_id)

    def _dismiss(self, job_id: str) -> None:
        response = self.client.delete(f"/jobs/{job_id}")
        assert (response.status_code, response.json()["status"]) == (200, "dismissed")

    def leaving(self, number: int) -> None:
        """Hangs up while it waits for a run that would take long."""
        with pytest.raises(httpx.ReadTimeout):
            self.client.post("/processes/wait/execution", json={"inputs": {"number": number}}, timeout=LEAVES_AFTER)
        with self.lock:
            self.left += 1
