"""A server in parts: API and worker as processes, and a client."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from replicated import PASSWORD, SENTINEL_PASSWORD
from serving import Client, Part, shared_environment, wait_until


class Parts(NamedTuple):
    """API, worker, and a client."""

    api: Part
    worker: Part
    client: Client

    def is_ready(self) -> bool:
        return self.client.get("/health/ready").status_code == 200

    def log(self) -> str:
        return self.api.log() + self.worker.log()

    def assert_is_well(self) -> None:
        """No part has ended, failed or shown a secret."""
        assert self.api.process
        assert self.worker.process
        assert (self.api.process.poll(), self.worker.process.poll()) == (None, None)
        for told in ("Traceback", "fault ", PASSWORD, quote(PASSWORD, safe=""), SENTINEL_PASSWORD):
            assert told not in self.log()

    def submit_until_accepted(self, counter: Path) -> tuple[str, int]:
        """The id of a job, and how often it was refused before; nothing else may have been answered."""
        refused, end = 0, time.monotonic() + 40
        while time.monotonic() < end:
            response = self.client.execute("tally", {"counter": str(counter)}, "respond-async")
            if response.status_code == 201:
                return response.json()["jobID"], refused
            assert response.status_code == 503, response.text
            assert "Retry-After" in response.headers
            refused += 1
            time.sleep(0.1)
        pytest.fail(f"no job was accepted:\n{self.log()}")


@contextmanager
def start_parts(url: str, published: Path, folder: Path) -> Iterator[Parts]:
    environment = shared_environment(url, published, folder)
    api, worker = (Part(command, folder=folder, environment=environment) for command in ("serve", "worker"))
    with ExitStack() as stack, Client(base_url=f"http://127.0.0.1:{environment['FP_PORT']}", timeout=30) as client:
        for part in (api, worker):
            stack.callback(part.stop)
            part.start()
            wait_until(lambda part=part: "ready" in part.log(), 60, part.log)
        yield Parts(api, worker, client)
