"""Attempts as a child of a worker runs them, in this process."""

import signal
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import orjson
import pytest
from upper import create_job, make_process, make_registry

from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.leases import Leases
from fastprocesses_server.settings import Settings
from fastprocesses_server.worker.runner import CANCEL, SOFT_LIMIT, Runner

TELL = "import os, signal, time; time.sleep(0.3); os.kill(os.getpid(), signal.SIGUSR1)"
"""What the keeper does, too early or in time."""


class Child:
    """Runs one job, whose module has this text."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.redis = connect(url)

    def run(self, name: str, text: str, **run: Any) -> dict[str, Any]:
        """The record of the job afterwards."""
        (self.folder / f"{name}.py").write_text(text)
        process = make_process(callable=f"{name}:upper", run=run)
        settings = Settings(processes_dir=self.folder, results_dir=self.folder)
        runner = Runner(make_registry(process), settings, "one")
        runner.capture.ear.close()
        runner.capture.mouth.close()
        runner.capture.of = lambda _: nullcontext()  # type: ignore[method-assign, assignment]
        runner.leases = Leases(self.redis, settings, make_registry(process), "one", ("default",))
        runner.cache = self.redis
        create_job(self.url, "a", process)
        runner.run("a")
        fields: Any = self.redis.hgetall("fp:job:a")
        return {key.decode(): value.decode() for key, value in fields.items()}


@pytest.fixture
def child(redis_url: str, tmp_path: Path) -> Iterator[Child]:
    before = {number: signal.getsignal(number) for number in (SOFT_LIMIT, CANCEL)}
    yield Child(redis_url, tmp_path)
    for number, handler in before.items():
        signal.signal(number, handler)


def problem(record: dict[str, Any]) -> str:
    detail: str = orjson.loads(record["problem"])["detail"]
    return detail


def test_a_callable_over_its_soft_limit_is_ended(child: Child) -> None:
    record = child.run("over_in_call", f"def upper(text):\n    {TELL}\n    return text", timeLimit={"soft": "200ms"})
    assert problem(record) == "The process was ended by its soft time limit."


def test_a_soft_limit_that_passes_during_the_import_is_kept(child: Child) -> None:
    record = child.run("over_at_import", f"{TELL}\ndef upper(text):\n    return text", timeLimit={"soft": "200ms"})
    assert problem(record) == "The process was ended by its soft time limit."


def test_a_soft_limit_of_the_job_before_does_not_end_the_next(child: Child) -> None:
    record = child.run("told_early", f"def upper(text):\n    {TELL}\n    return text", timeLimit={"soft": "60s"})
    assert record["status"] == "successful"
