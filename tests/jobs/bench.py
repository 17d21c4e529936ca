"""A store and the leases of two workers on one Valkey."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from upper import ask_store, make_process, make_registry

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.connection import connect, connect_async
from fastprocesses_server.jobs.engine import Engine
from fastprocesses_server.jobs.leases import Leases, Outcome
from fastprocesses_server.jobs.record import Job, Status
from fastprocesses_server.jobs.replies import Replies
from fastprocesses_server.jobs.results import ResultStore
from fastprocesses_server.jobs.store import JobStore
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
        maker: str = "",
        **run: Any,
    ) -> None:
        execution = replace(RequestReader(make_process(run=run)).read({"inputs": {"text": "x"}}), maker=maker)
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


@asynccontextmanager
async def engine_of(bench: Bench, settings: Settings | None = None) -> AsyncIterator[Engine]:
    """What the API has; it listens for replies meanwhile."""
    settings = settings or Settings()
    client, listener = connect_async(bench.url), connect_async(bench.url, seconds=10, connections=1)
    replies = Replies(listener)
    listening = asyncio.create_task(replies.listen())
    try:
        yield Engine(settings, JobStore(client, settings), replies, client, ResultStore(Path("results")))
    finally:
        while not listening.done():  # a connection that is being made may swallow the first
            listening.cancel()
            await asyncio.wait({listening}, timeout=0.1)
        await client.aclose()
        await listener.aclose()


async def accepted(bench: Bench) -> str:
    """The id of the newest job, once it is in the queue."""
    for _ in range(500):
        if queue := bench.queue():
            bench.redis.delete("default")
            return queue[0]
        await asyncio.sleep(0.01)
    pytest.fail("there is no new job")


def work(bench: Bench, job_id: str) -> None:
    claim = bench.one.claim(job_id)
    assert claim
    assert bench.one.commit(job_id, claim.job.attempt, Outcome(Status.SUCCESSFUL, b"[]"))
