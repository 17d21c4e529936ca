"""A store and the leases of two workers on one Valkey."""

import os
from typing import Any

import orjson
from upper import ask_store, make_process, make_registry

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.leases import Leases
from fastprocesses_server.jobs.record import Job
from fastprocesses_server.processes.registry import Registry
from fastprocesses_server.settings import Settings

PID = os.getpid()


class Bench:
    """What tests of single transitions need."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.redis = connect(url)
        self.one, self.two = self.worker("one"), self.worker("two")

    def worker(self, owner: str, registry: Registry | None = None) -> Leases:
        return Leases(self.redis, Settings(), registry or make_registry(), owner, ("default",))

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        return ask_store(self.url, method, *arguments, **options)

    def create(
        self,
        job_id: str = "a",
        *,
        is_public: bool = True,
        reply_to: str | None = None,
        key: str | None = None,
        **run: Any,
    ) -> None:
        execution = RequestReader(make_process(run=run)).read({"inputs": {"text": "x"}})
        waited_for = reply_to is not None
        options = {"is_public": is_public, "reply_to": reply_to, "key": key, "needs_worker": waited_for}
        self.ask("create", job_id, execution, **options)

    def read(self, job_id: str = "a") -> Job:
        job: Job = self.ask("read", job_id)
        return job

    def record(self, job_id: str = "a") -> dict[str, str]:
        fields: Any = self.redis.hgetall(f"fp:job:{job_id}")
        return {name.decode(): value.decode() for name, value in fields.items() if name != b"envelope"}

    def queue(self, name: str = "default") -> list[str]:
        return [orjson.loads(message)["headers"]["id"] for message in self.redis.lrange(name, 0, -1)]  # type: ignore[union-attr]

    def end_pauses(self) -> None:
        """What is to be looked at later is looked at now."""
        due: Any = self.redis.zrange("fp:due", 0, -1)
        for job_id in due:
            self.redis.zadd("fp:due", {job_id: 0})
        self.two.reap()
