"""From an execution to its outputs: the cache, a job, the wait. What the API does with a valid request."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import redis.asyncio
from loguru import logger

from ..errors import JobFailed, JobIsGone, ResultNotAvailable, SyncTimeout
from ..execution.outputs import StoredOutput, read_manifest
from ..execution.request import Execution
from ..processes.versions import base_id
from ..settings import Settings
from . import cache
from .connection import STORE_ERRORS
from .lifetimes import cache_seconds
from .record import Job, Status
from .replies import Replies, Reply
from .results import ResultStore
from .store import Created, Creation, JobStore

LOOK_AGAIN = 5.0
"""Seconds after which a reply that does not come is looked for in the record."""

AWAY = 4.0
"""Seconds for which a record may be unreadable: with the pause before, its client hears of it within 10 s."""

CACHE_PAUSE = 5.0
"""Seconds before a result cache is asked again that was away."""

LOOK_OFTEN = 0.25
"""The same for a run that another request waits for, and gets the reply of."""

Outputs = dict[str, StoredOutput]


class CacheUse(StrEnum):
    """What the result cache had to do with an answer."""

    NONE = "none"
    """The outputs are not cached."""
    HIT = "hit"
    MISS = "miss"
    JOINED = "joined"
    """A miss, but an equal run was under way already."""
    FORCED = "forced"
    """The client asked for a run of its own."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run whose client has waited for its outputs."""

    job_id: str
    outputs: Outputs
    cache: CacheUse = CacheUse.NONE


@dataclass(frozen=True, slots=True)
class Submitted:
    """A public job, as it is now."""

    job: Job
    cache: CacheUse = CacheUse.NONE


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
        self.cache_is_away_until = 0.0
        self.met = cache.Met()
        self.results = results

    async def submit(self, execution: Execution) -> Submitted:
        """A public job; where the outputs are cached, one that is already successful.

        Raises:
            KeyReused: another request had its Idempotency-Key.
            Unavailable: the store is unfit.
        """
        job_id = str(uuid4())
        created, is_hit = await self._submit(job_id, execution)
        if created.job_id == job_id:
            status, process = Status.SUCCESSFUL if is_hit else Status.ACCEPTED, execution.process
            logger.info(
                "job {job_id} {}: {} {}{}", status, process.id, process.version, _joining(created), job_id=job_id
            )
        job = created.job or await self._public(created.job_id, execution)
        return Submitted(job, self._use(execution, created, is_hit=is_hit))

    async def _submit(self, job_id: str, execution: Execution) -> tuple[Created, bool]:
        """The job, and whether its outputs come from the cache."""
        key = self._joint_key(execution)
        if self._looks(key):
            created = await self.store.create(job_id, execution, is_public=True, key=key, looks=True)
            if created.creation != Creation.CACHED:
                return created, False
            cached = cache.read_entry(created.entry, self.results)
        else:
            cached = await self._cached(execution)
        own = await self._link(job_id, cached) if cached is not None else None
        if own is not None:
            return await self.store.create_finished(job_id, execution, own, is_public=True), True
        return await self.store.create(job_id, execution, is_public=True, key=key), False

    async def run(self, execution: Execution, wait: float | None) -> Finished | Submitted:
        """The outputs, or the public job that goes on where `wait` seconds were not enough.

        Raises:
            JobFailed: with the cause.
            KeyReused: another request had its Idempotency-Key.
            SyncTimeout: over the server's limit for those who wait without an end; the run is ended.
            Unavailable: no worker is alive, or the store is unfit.
        """
        looks = self._looks(self._joint_key(execution))
        cached = None if looks else await self._cached(execution)
        if cached is not None and (finished := await self._run_from_cache(execution, cached, wait)):
            return finished
        return await self._run(execution, wait, looks=looks)

    async def _run(self, execution: Execution, wait: float | None, *, looks: bool) -> Finished | Submitted:
        """As a new job; `looks` says whether outputs in the cache will do instead."""
        job_id, seconds = str(uuid4()), wait or self.settings.sync_execution_timeout_seconds
        async with self.replies.expect(job_id) as reply:
            creation = asyncio.create_task(
                self.store.create(
                    job_id,
                    execution,
                    is_public=self.settings.keep_sync_jobs,
                    key=self._joint_key(execution),
                    reply_to=self.replies.key,
                    needs_worker=wait is None,
                    looks=looks,
                )
            )
            try:
                created, answer = await asyncio.shield(creation), None
                if created.job_id == job_id:
                    joining = _joining(created)
                    logger.info(
                        "job {job_id} accepted, its client waits: {}{}", execution.process.id, joining, job_id=job_id
                    )
                    answer = await self._wait(job_id, reply, seconds, LOOK_AGAIN)
            except asyncio.CancelledError:
                await asyncio.shield(self._leave(job_id, execution, creation))
                raise
        if created.creation == Creation.CACHED:
            return await self._run_found(execution, created.entry, wait)
        if created.job_id != job_id:
            return await self._run_again(created.job_id, execution, wait)
        use = self._use(execution, created)
        if answer:
            return Finished(job_id, outcome(answer), use)
        if wait is None:
            raise await self._end(job_id)
        return Submitted(await self._public(job_id, execution), use)

    async def _run_found(self, execution: Execution, entry: bytes, wait: float | None) -> Finished | Submitted:
        cached = cache.read_entry(entry, self.results)
        finished = None if cached is None else await self._run_from_cache(execution, cached, wait)
        return finished or await self._run(execution, wait, looks=False)

    async def _leave(self, job_id: str, execution: Execution, creation: "asyncio.Task[Created]") -> None:
        """Nobody waits for the run any more; but who sent a key with the request may come again for its outputs.

        Once there is a job: of what is asked of Redis at one time, one may overtake the other.
        """
        await asyncio.wait({creation})
        if creation.exception() or creation.result().job_id != job_id:
            return
        logger.info("job {job_id}: its client went away", job_id=job_id)
        if not execution.idempotency:
            with suppress(*STORE_ERRORS):  # then it runs on for nobody
                await self._abandon(job_id)

    async def _end(self, job_id: str) -> SyncTimeout:
        """What its client is told whose time is over, and who sent the same request and waits as well."""
        timeout = self._timeout()
        await self._abandon(job_id, timeout.document(f"/jobs/{job_id}"))
        return timeout

    async def _abandon(self, job_id: str, problem: Mapping[str, Any] | None = None) -> None:
        before = await self.store.abandon(job_id, problem)
        if before and not before.is_final:
            logger.info("job {job_id} dismissed: nobody waits for it", job_id=job_id)

    async def _run_from_cache(
        self, execution: Execution, cached: Outputs, wait: float | None
    ) -> Finished | Submitted | None:
        """It leaves a job only where somebody may ask for it. None where the files have just gone."""
        job_id, keep = str(uuid4()), self.settings.keep_sync_jobs
        if keep or execution.is_asked_for_later:
            own = await self._link(job_id, cached)
            if own is None:
                return None
            created = await self.store.create_finished(job_id, execution, own, is_public=keep)
            if created.job_id != job_id:
                return await self._run_again(created.job_id, execution, wait)
            cached = {output.name: output for output in own}
        return Finished(job_id, cached, self._counted(CacheUse.HIT, execution))

    async def _run_again(self, job_id: str, execution: Execution, wait: float | None) -> Finished | Submitted:
        """The request came before, and its job answers this one too."""
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        seconds = wait or self.settings.sync_execution_timeout_seconds
        if answer := await self._recorded(job_id) or await self._wait(job_id, reply, seconds, LOOK_OFTEN):
            return Finished(job_id, outcome(answer))
        if wait is None:
            raise self._timeout()
        return Submitted(await self._public(job_id, execution))

    def _timeout(self) -> SyncTimeout:
        return SyncTimeout(
            f"The process did not end within {self.settings.sync_execution_timeout_seconds:g} s. "
            "For a job without this limit, send the header Prefer: respond-async."
        )

    async def _public(self, job_id: str, execution: Execution) -> Job:
        job = await self.store.read(job_id)
        if job and not job.is_public:
            await self.store.reveal(job_id, execution)
            job = await self.store.read(job_id)
        if job is None:
            raise JobIsGone(f"Job {job_id} was removed a moment ago.")
        return job

    async def _wait(
        self, job_id: str, reply: "asyncio.Future[Reply]", seconds: float | None, look_again: float
    ) -> Reply | None:
        """None when the time is over. The record is looked at now and then: a Redis that lost data loses replies.

        One that is started again in between ends no wait.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds if seconds else float("inf")
        away_since: float | None = None
        while True:
            left = min(end - loop.time(), look_again if away_since is None else LOOK_OFTEN)
            done, _ = await asyncio.wait({reply}, timeout=max(left, 0))
            if done:
                return reply.result()
            if (now := loop.time()) >= end:
                return None
            try:
                if found := await self._recorded(job_id):
                    return found
                away_since = None
            except STORE_ERRORS:
                away_since = away_since or now
                if loop.time() - away_since > AWAY:
                    raise

    async def _recorded(self, job_id: str) -> Reply | None:
        job = await self.store.read(job_id)
        if job is None:
            return Reply(Status.DISMISSED, b"")
        if not job.status.is_final:
            return None
        manifest = await self.store.manifest(job_id)
        return Reply(job.status, manifest or (orjson.dumps(job.problem) if job.problem else b""))

    async def outputs(self, job: Job) -> Outputs | None:
        """Of a successful job; None where they have expired."""
        manifest = await self.store.manifest(job.id)
        return read_manifest(manifest) if manifest else None

    async def has_cached(self, execution: Execution) -> bool:
        return await self._cached(execution) is not None

    def _key(self, execution: Execution) -> str | None:
        """Of its outputs in the cache; None where they are not cached."""
        return execution.key if cache_seconds(execution.process, self.settings) is not None else None

    def _joint_key(self, execution: Execution) -> str | None:
        return None if execution.is_forced else self._key(execution)

    def _looks(self, key: str | None) -> bool:
        """Whether the step that creates a job is to look for outputs too: where they are not likely to be there.

        Where they are, a look alone costs less.
        """
        if key is None or self.store.faults or not self.settings.caches_beside_jobs:
            return False
        is_new = key not in self.met
        self.met.add(key)
        return is_new

    async def _cached(self, execution: Execution) -> Outputs | None:
        """A cache that is away has nothing, and is not asked for a while; one that is the job store must answer."""
        key, now = self._joint_key(execution), asyncio.get_running_loop().time()
        if key is None or now < self.cache_is_away_until:
            return None
        try:
            return await cache.get(self.cache_client, self.results, key)
        except STORE_ERRORS as error:
            if self.settings.caches_beside_jobs:
                raise
            self.cache_is_away_until = now + CACHE_PAUSE
            logger.warning("the result cache is away: {}", error)
            return None

    def _use(self, execution: Execution, created: Created, *, is_hit: bool = False) -> CacheUse:
        return self._counted(self._use_of(execution, created, is_hit=is_hit), execution)

    def _counted(self, use: CacheUse, execution: Execution) -> CacheUse:
        if use != CacheUse.NONE:
            self.store.tally.add("cache", use, base_id(execution.process.id))
        return use

    def _use_of(self, execution: Execution, created: Created, *, is_hit: bool) -> CacheUse:
        if created.creation == Creation.KNOWN or self._key(execution) is None:
            return CacheUse.NONE
        if execution.is_forced:
            return CacheUse.FORCED
        if is_hit:
            return CacheUse.HIT
        return CacheUse.JOINED if created.creation == Creation.JOINED else CacheUse.MISS

    async def _link(self, job_id: str, cached: Outputs) -> list[StoredOutput] | None:
        """Outputs from the cache with files of the job's own; None where they were swept since the look."""
        try:
            return await asyncio.to_thread(self.results.link, cached.values(), Path("jobs") / job_id / "cached")
        except FileNotFoundError:
            return None


def _joining(created: Created) -> str:
    return f", joined to job {created.leader}" if created.leader else ""


def outcome(reply: Reply) -> Outputs:
    """What a run led to.

    Raises:
        JobFailed, ResultNotAvailable: where it led to no outputs.
    """
    match reply.status:
        case Status.SUCCESSFUL:
            return read_manifest(reply.outcome)
        case _ if reply.outcome:
            raise JobFailed(orjson.loads(reply.outcome))
        case _:
            raise ResultNotAvailable("The job was dismissed.")
