"""From an execution to its outputs: the cache, a job, the wait. What the API does with a valid request."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import orjson
import redis.asyncio
from loguru import logger

from ..errors import JobFailed, ResultNotAvailable, SyncTimeout
from ..execution.outputs import StoredOutput, read_manifest
from ..execution.request import Execution
from ..settings import Settings
from . import cache
from .lifetimes import cache_seconds
from .record import Job, Status
from .replies import Replies, Reply
from .results import ResultStore
from .store import JobStore

LOOK_AGAIN = 5.0
"""Seconds after which a reply that does not come is looked for in the record."""

Outputs = dict[str, StoredOutput]


@dataclass(frozen=True, slots=True)
class Finished:
    """A run whose client has waited for its outputs."""

    job_id: str
    outputs: Outputs


class Engine:
    """Runs executions. Every method may raise one of `STORE_ERRORS`."""

    def __init__(
        self,
        settings: Settings,
        store: JobStore,
        replies: Replies,
        cache_client: "redis.asyncio.Redis",
        results: ResultStore,
    ) -> None:
        self.settings = settings
        self.store = store
        self.replies = replies
        self.cache_client = cache_client
        self.results = results

    async def submit(self, execution: Execution) -> Job:
        """A public job; where the outputs are cached, one that is already successful."""
        cached = await self._cached(execution)
        job_id = str(uuid4())
        if cached is None:
            await self.store.create(job_id, execution, is_public=True)
        else:
            await self._adopt(job_id, execution, cached, is_public=True)
        job = await self.store.read(job_id)
        assert job  # noqa: S101 - it was created a moment ago, and for days
        logger.info("job {} {}: {} {}", job.id, job.status, job.process_id, job.version)
        return job

    async def run(self, execution: Execution, wait: float | None) -> Finished | Job:
        """The outputs, or the public job that goes on where `wait` seconds were not enough.

        Raises:
            JobFailed: with the cause.
            SyncTimeout: over the server's limit for those who wait without an end; the run is ended.
            Unavailable: no worker is alive.
        """
        cached = await self._cached(execution)
        job_id = str(uuid4())
        keep = self.settings.keep_sync_jobs
        if cached is not None:
            if keep or execution.is_asked_for_later:
                cached = await self._adopt(job_id, execution, cached, is_public=keep)
            return Finished(job_id, cached)
        async with self.replies.expect(job_id) as reply:
            try:
                await self.store.create(
                    job_id, execution, is_public=keep, reply_to=self.replies.key, needs_worker=wait is None
                )
                logger.info("job {} accepted, its client waits: {}", job_id, execution.process.id)
                answer = await self._wait(job_id, reply, wait or self.settings.sync_execution_timeout_seconds)
            except asyncio.CancelledError:
                logger.info("job {} dismissed: its client went away", job_id)
                await asyncio.shield(self.store.dismiss(job_id))
                raise
        if answer:
            return Finished(job_id, outcome(answer))
        return await self._after_the_wait(job_id, execution, is_timeout=wait is None)

    async def _after_the_wait(self, job_id: str, execution: Execution, *, is_timeout: bool) -> Job:
        if is_timeout:
            await self.store.dismiss(job_id)
            seconds = self.settings.sync_execution_timeout_seconds
            raise SyncTimeout(
                f"The process did not end within {seconds:g} s and was stopped. For a job without this limit, "
                "send the header Prefer: respond-async."
            )
        await self.store.reveal(job_id, execution)
        job = await self.store.read(job_id)
        assert job  # noqa: S101 - it was revealed a moment ago, and for days
        logger.info("job {} {}: its client waits no longer", job.id, job.status)
        return job

    async def _wait(self, job_id: str, reply: "asyncio.Future[Reply]", seconds: float | None) -> Reply | None:
        """None when the time is over. The record is looked at now and then: a Redis that lost data loses replies."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds if seconds else float("inf")
        while True:
            left = min(end - loop.time(), LOOK_AGAIN)
            done, _ = await asyncio.wait({reply}, timeout=max(left, 0))
            if done:
                return reply.result()
            if loop.time() >= end:
                return None
            if found := await self._recorded(job_id):
                return found

    async def _recorded(self, job_id: str) -> Reply | None:
        job = await self.store.read(job_id)
        if job is None:
            return Reply(Status.DISMISSED, b"")
        if not job.status.is_final:
            return None
        manifest = await self.store.manifest(job_id)
        return Reply(job.status, manifest or orjson.dumps(job.problem))

    async def outputs(self, job: Job) -> Outputs | None:
        """Of a successful job; None where they have expired."""
        manifest = await self.store.manifest(job.id)
        return read_manifest(manifest) if manifest else None

    async def has_cached(self, execution: Execution) -> bool:
        return await self._cached(execution) is not None

    async def _cached(self, execution: Execution) -> Outputs | None:
        if cache_seconds(execution.process, self.settings) is None or execution.key is None:
            return None
        return await cache.get(self.cache_client, self.results, execution.key)

    async def _adopt(self, job_id: str, execution: Execution, cached: Outputs, *, is_public: bool) -> Outputs:
        """A job of its own, with files of its own, for outputs from the cache."""
        own = await asyncio.to_thread(self.results.link, cached.values(), Path("jobs") / job_id / "cached")
        await self.store.create_finished(job_id, execution, own, is_public=is_public)
        return {output.name: output for output in own}


def outcome(reply: Reply) -> Outputs:
    """What a run led to.

    Raises:
        JobFailed, ResultNotAvailable: where it led to no outputs.
    """
    match reply.status:
        case Status.SUCCESSFUL:
            return read_manifest(reply.outcome)
        case Status.FAILED:
            raise JobFailed(orjson.loads(reply.outcome))
        case _:
            raise ResultNotAvailable("The job was dismissed.")
