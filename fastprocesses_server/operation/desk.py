"""What an operator does with jobs, in the store itself: those of all who made them, also where no API runs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from loguru import logger

from ..errors import InvalidRequest, StartError, Unavailable
from ..execution.request import Execution, read_again
from ..jobs.connection import STORE_ERRORS, connect_async, trouble
from ..jobs.engine import Engine
from ..jobs.log import LogLine
from ..jobs.record import Job, Status
from ..jobs.replies import Replies
from ..jobs.results import ResultStore
from ..jobs.selection import Selection, Window
from ..jobs.store import JobStore
from ..processes.registry import Registry
from ..processes.suggestion import suggest
from ..settings import Settings

PAGE = 200
REMOVABLE = (Status.SUCCESSFUL, Status.FAILED)
"""The record of a dismissed job may still be what tells its worker to stop; it expires by itself."""


@dataclass(frozen=True, slots=True)
class File:
    """All that is known of a job."""

    job: Job
    request: dict[str, Any]
    """The execution as it was stored; empty where that has expired."""
    log: Sequence[LogLine]


class Desk:
    """Every method may raise one of `STORE_ERRORS`, and StartError that says why something cannot be done."""

    def __init__(self, settings: Settings, store: JobStore, engine: Engine) -> None:
        self.settings = settings
        self.store = store
        self.engine = engine

    async def list(self, selection: Selection, most: int | None = None) -> AsyncIterator[Job]:
        """Public jobs, newest first."""
        window: Window | None = Window(min(most or PAGE, PAGE))
        while window:
            page = await self.store.page(selection, window)
            for job in page.jobs:
                yield job
            most = None if most is None else most - len(page.jobs)
            is_over = page.beyond is None or most == 0
            window = None if is_over else Window(min(most or PAGE, PAGE), cursor=page.beyond)

    async def show(self, job_id: str) -> File:
        job = await self._find(job_id)
        request = await self.store.request(job.id)
        return File(job, orjson.loads(request) if request else {}, await self.store.log(job.id))

    async def dismiss(self, job_id: str) -> None:
        before = await self.store.dismiss((await self._find(job_id)).id)
        if before is None or before.is_final:
            raise StartError(f"job {job_id} has ended: it is {before}")
        logger.info("job {} dismissed by an operator", job_id)

    async def rerun(self, job_id: str, registry: Registry) -> Job:
        """A new job for the same request, which runs whatever is cached. Subscribers of the old one hear nothing."""
        job = await self._find(job_id)
        execution = replace(await self._execution(job, registry), is_forced=True, maker=job.maker)
        try:
            if wrong := await self.store.judge():
                raise StartError("\n".join(f"the job store is unfit: {what}" for what in wrong))
            return (await self.engine.submit(execution)).job
        except Unavailable as error:
            raise StartError(error.detail) from None

    async def _execution(self, job: Job, registry: Registry) -> Execution:
        process = registry.get(job.process_id)
        if process is None:
            raise StartError(f"there is no process {job.process_id} any more{suggest(job.process_id, registry)}")
        request = await self.store.request(job.id)
        if request is None:
            raise StartError(f"the request of job {job.id} has expired")
        try:
            return read_again(process, request)
        except InvalidRequest as error:
            reasons = "\n".join(map(str, error.complaints))
            raise StartError(
                f"{process.id} {process.version} takes other inputs than job {job.id} has:\n{reasons}"
            ) from None

    async def ended_before(self, moment: datetime, statuses: Sequence[Status]) -> Sequence[str]:
        """The ids of jobs of these statuses."""
        selection = Selection(statuses=tuple(statuses), latest=milliseconds(moment))
        return [job.id async for job in self.list(selection) if job.finished and job.finished <= moment]

    async def remove(self, job_ids: Sequence[str]) -> int:
        """With their files; how many there were."""
        removed = 0
        for job_id in job_ids:
            if await self.store.remove(job_id):
                await asyncio.to_thread(self.engine.results.remove_job, job_id)
                removed += 1
        return removed

    async def _find(self, job_id: str) -> Job:
        job = await self.store.read(job_id)
        if job is None:
            raise StartError(f"there is no job {job_id}")
        return job


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


@asynccontextmanager
async def open_desk(settings: Settings, url: str) -> AsyncIterator[Desk]:
    """On the Redis of the jobs at that URL. Raises StartError where it is away."""
    redis = connect_async(url)
    cache = connect_async(settings.result_cache_url.get_secret_value() if settings.names_a_redis else url)
    store = JobStore(redis, settings)
    engine = Engine(settings, store, Replies(redis), cache, ResultStore(settings.results_folder))
    try:
        yield Desk(settings, store, engine)
    except STORE_ERRORS as error:
        raise StartError(f"the Redis of the jobs {trouble(error)}") from None
    finally:
        await redis.aclose()
        await cache.aclose()
