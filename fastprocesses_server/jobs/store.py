"""The job store as the API uses it: create, read, list, dismiss, remove."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import orjson
from loguru import logger

from .. import traces, trail
from ..errors import KeyReused, QueueIsFull, TooManyJobs, Unavailable
from ..execution.outputs import StoredOutput, write_manifest
from ..execution.request import Execution
from ..execution.subscriber import Subscriber
from ..fail_points import fail_point
from ..settings import Settings
from .callbacks import DISPATCH, QUEUE, log_given_up
from .counts import Measures, Tally
from .fitness import faults, hindrances
from .following import Sight, read_sight
from .lifetimes import UNSEEN, lease, record_seconds, results_seconds, time_limits
from .log import MOST_LINES, LogLine, read_log
from .messages import DELIVER, encode_message
from .record import Job, Status, as_mapping, read_moved, read_record
from .selection import STEPS, Cursor, Direction, Selection, Window, as_json
from .transitions import REAP, load_transitions

if TYPE_CHECKING:
    from redis.asyncio import Redis


class Creation(StrEnum):
    """What the transition `create` has led to."""

    NEW = "new"
    JOINED = "joined"
    """A new job that waits for the outputs of an equal one."""
    KNOWN = "known"
    CONFLICT = "conflict"
    CACHED = "cached"
    """There is none: the outputs are in the cache beside the jobs."""
    UNSERVED = "unserved"
    CROWDED = "crowded"
    """The client has as many jobs as it may have at once."""
    FULL = "full"
    """As many jobs wait in the queue as may."""


@dataclass(frozen=True, slots=True)
class Created:
    """Whether there is a new job, the job that there is for the request, and the one that it has joined."""

    creation: Creation
    job_id: str
    leader: str = ""
    job: Job | None = field(default=None, compare=False)
    """Of a new public one, as it was then."""
    entry: bytes = b""
    """Of the cache, where it has made a job needless."""


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs newest first, and where the page beyond them begins in the direction that was asked; None at the end.

    A page may end before its limit is reached; then `left_out` of the asked offset have still to be left out there.
    """

    jobs: Sequence[Job]
    beyond: Cursor | None = None
    left_out: int = 0


class JobStore:
    """Jobs in Redis. Every method may raise one of `STORE_ERRORS`."""

    def __init__(self, redis: "Redis", settings: Settings) -> None:
        self.redis = redis
        self.settings = settings
        self.transitions = load_transitions(redis)
        self.faults: list[str] = []
        """Of this Redis, by the last look."""
        self.tally = Tally()

    async def create(
        self,
        job_id: str,
        execution: Execution,
        *,
        is_public: bool,
        key: str | None = None,
        reply_to: str | None = None,
        needs_worker: bool = False,
        looks: bool = False,
    ) -> Created:
        """Record and message, in one step. Executions with the same `key` that come meanwhile are joined to it.

        With `looks` there is no job where the cache beside the jobs has outputs of that key.

        Raises:
            Unavailable: the store is unfit, or it needs a worker now and none is alive.
            KeyReused: another request had its Idempotency-Key.
            TooManyJobs: of this client.
            QueueIsFull: for any client.
        """
        silence = lease(self.settings) if needs_worker else 0
        return await self._create(
            job_id, execution, is_public=is_public, key=key, reply_to=reply_to, silence=silence, looks=looks
        )

    async def create_finished(
        self, job_id: str, execution: Execution, outputs: Sequence[StoredOutput], *, is_public: bool
    ) -> Created:
        """A job whose outputs are known before it starts.

        Raises:
            Unavailable: the store is unfit.
            KeyReused: another request had its Idempotency-Key.
        """
        return await self._create(job_id, execution, is_public=is_public, manifest=write_manifest(outputs))

    async def _create(
        self,
        job_id: str,
        execution: Execution,
        *,
        is_public: bool,
        key: str | None = None,
        reply_to: str | None = None,
        silence: int = 0,
        looks: bool = False,
        manifest: bytes = b"",
    ) -> Created:
        if self.faults:
            raise Unavailable("\n".join(f"New jobs wait until the job store is fit: {what}" for what in self.faults))
        queue, once = execution.process.run.queue, execution.idempotency
        facts = {"ogc.process.id": execution.process.id}
        with traces.span(f"submit {execution.process.id}", "producer", facts):
            fields = self._fields(execution, is_public=is_public) | trail.as_fields(trail.current())
            if execution.subscriber:
                fields |= self._subscription(job_id, execution.subscriber)
            if reply_to:
                fields["reply"] = reply_to
            arguments = [
                job_id,
                int(is_public),
                queue,
                encode_message(job_id, queue),
                execution.as_json(),
                silence,
                manifest,
                key or "",
                once.name if once else "",
                once.body if once else "",
                *self._quotas(execution),
                int(looks),
                *(item for pair in fields.items() for item in pair),
            ]
            fail_point("before-create", job_id)
            answer: list[Any] = await self.transitions["create"](args=arguments)
            fail_point("created", job_id)
            created = self._created(*answer)
            if created.job_id:
                traces.note({"ogc.job.id": created.job_id})
            return created

    def _created(self, what: bytes, answer: bytes, leader: bytes = b"", record: Sequence[bytes] = ()) -> Created:
        creation, found = Creation(what.decode()), answer.decode()
        match creation:
            case Creation.UNSERVED:
                raise Unavailable("No worker is alive to run this process. Try again, or send Prefer: respond-async.")
            case Creation.CONFLICT:
                raise KeyReused("Another request came with this Idempotency-Key. A new request needs a key of its own.")
            case Creation.CROWDED:
                raise TooManyJobs(
                    f"{self.settings.max_jobs_per_client} of your jobs wait or run, and more may not at once. "
                    "Wait until one of them ends, or dismiss one."
                )
            case Creation.FULL:
                raise QueueIsFull(
                    f"{self.settings.max_queue} jobs wait for a worker, and more are not taken. Try again later.",
                    until_there_is_room(int(found) / 1000),
                )
            case Creation.CACHED:
                return Created(creation, "", entry=answer)
            case _:
                return Created(creation, found, leader.decode(), read_record(as_mapping(record)) if record else None)

    def _quotas(self, execution: Execution) -> tuple[str, str, str]:
        """Who is counted, the most jobs of one client, and of one queue; '' for no limit."""
        of_client, waiting = self.settings.max_jobs_per_client, self.settings.max_queue
        client = execution.client if of_client else ""
        return client, str(of_client or ""), str(waiting or "")

    def _fields(self, execution: Execution, *, is_public: bool) -> dict[str, Any]:
        process = execution.process
        soft, hard = time_limits(process, self.settings)
        record, results = record_seconds(self.settings), results_seconds(process, self.settings)
        if not is_public:
            record = results = results if execution.is_asked_for_later else UNSEEN
        limits = {"memory": process.run.memory_limit, "concurrency": process.run.concurrency}
        return {
            **{name: limit for name, limit in limits.items() if limit},
            **({"maker": execution.maker} if execution.maker else {}),
            "process": process.id,
            "version": process.version,
            "fingerprint": process.fingerprint,
            "attempts": process.run.attempts,
            "soft": round(soft * 1000),
            "hard": round(hard * 1000),
            "record_ttl": round(record * 1000),
            "results_ttl": round(results * 1000),
        }

    def _subscription(self, job_id: str, subscriber: Subscriber) -> dict[str, Any]:
        """What the transitions need to have the subscriber told."""
        uris = {
            "tell_running": subscriber.in_progress_uri,
            "tell_successful": subscriber.success_uri,
            "tell_failed": subscriber.failed_uri,
        }
        delivery = {"base": subscriber.base, "delivery": encode_message(job_id, QUEUE, DELIVER)}
        return delivery | {name: uri for name, uri in uris.items() if uri}

    async def judge(self) -> list[str]:
        """Why jobs must not be entrusted to this Redis now; until another look finds nothing, none are taken."""
        info: Any = await self.redis.info()
        found = [*faults(info), *hindrances(info)]
        if found and found != self.faults:
            logger.error("the Redis of the jobs is unfit, no new jobs are taken: {}", "; ".join(found))
        elif self.faults and not found:
            logger.info("the Redis of the jobs is fit again")
        self.faults = found
        return found

    async def identify(self) -> bytes:
        """The id of this store, which no other has."""
        store: bytes = await self.transitions["identify"](args=[token_hex(8)])
        return store

    async def read(self, job_id: str) -> Job | None:
        fields: Any = await self.redis.hgetall(f"fp:job:{job_id}")
        return read_record(fields) if fields else None

    async def maker_of_gone(self, job_id: str) -> str | None:
        """Whose job it was that was removed or has expired; None where there was none of that id."""
        maker = await self._bytes(f"fp:gone:{job_id}")
        return None if maker is None else maker.decode()

    async def request(self, job_id: str) -> bytes | None:
        """The execution as it was stored. It may be large, and goes by itself."""
        async with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.get(f"fp:job:{job_id}:request")
            stored: list[bytes | None] = await pipeline.execute()
        return stored[0]

    async def manifest(self, job_id: str) -> bytes | None:
        return await self._bytes(f"fp:job:{job_id}:results")

    async def manifest_and_maker(self, job_id: str) -> tuple[bytes | None, str]:
        async with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.get(f"fp:job:{job_id}:results")
            pipeline.hget(f"fp:job:{job_id}", "maker")
            manifest, maker = await pipeline.execute()
        return manifest, (maker or b"").decode()

    async def log(self, job_id: str) -> list[LogLine]:
        async with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.lrange(f"fp:job:{job_id}:log", -MOST_LINES, -1)
            pipeline.hget(f"fp:job:{job_id}", "unlogged")
            stored, left_out = await pipeline.execute()
        return read_log(stored, int(left_out or 0))

    async def follow(self, job_id: str, known: int) -> Sight | None:
        """The job, and the lines of its log beyond those that are known."""
        found = await self.transitions["follow"](args=[job_id, known])
        return read_sight(*found) if found else None

    async def _bytes(self, name: str) -> bytes | None:
        stored: Any = await self.redis.get(name)
        return stored if isinstance(stored, bytes) else None

    async def page(self, selection: Selection, window: Window) -> JobPage:
        """Public jobs, at the cost of the page, however many there are."""
        jobs: list[Job] = []
        step = window
        for _ in range(STEPS):
            part = await self._step(selection, step)
            jobs += part.jobs
            if part.beyond is None or len(jobs) == window.limit:
                break
            step = Window(window.limit - len(jobs), part.left_out, part.beyond)
        return JobPage(jobs if window.direction == Direction.OLDER else jobs[::-1], part.beyond, part.left_out)

    async def _step(self, selection: Selection, window: Window) -> JobPage:
        """In the order of its direction."""
        records, place, left_out = await self.transitions["list"](args=[as_json(selection, window)])
        beyond = Cursor(window.direction, int(place[0]), place[1].decode()) if place else None
        return JobPage([read_record(as_mapping(record)) for record in records], beyond, left_out)

    async def dismiss(self, job_id: str) -> Status | None:
        """The status before; the job is dismissed if that was not final."""
        return await self._dismiss(job_id, spares=False, problem=b"")

    async def abandon(self, job_id: str, problem: Mapping[str, Any] | None = None) -> Status | None:
        """Dismiss a run that nobody waits for any more; None where others have joined it: then it goes on.

        `problem`: why, for those who ask for its outputs later.
        """
        return await self._dismiss(job_id, spares=True, problem=orjson.dumps(problem) if problem else b"")

    async def _dismiss(self, job_id: str, *, spares: bool, problem: bytes) -> Status | None:
        before = await self.transitions["dismiss"](args=[job_id, int(spares), token_hex(8), problem])
        return Status(before.decode()) if before else None

    async def remove(self, job_id: str) -> bool:
        return bool(await self.transitions["remove"](args=[job_id]))

    async def reveal(self, job_id: str, execution: Execution) -> bool:
        """Make a sync run a public job."""
        record = round(record_seconds(self.settings) * 1000)
        results = round(results_seconds(execution.process, self.settings) * 1000)
        return bool(await self.transitions["reveal"](args=[job_id, record, results]))

    async def reap(self) -> list[tuple[str, Status]]:
        """Send again what was lost, and callbacks that are due; the jobs whose worker is gone, and their status now."""
        moved = read_moved(await self.transitions["reap"](args=[*REAP, lease(self.settings)]))
        log_given_up(await self.transitions["dispatch"](args=DISPATCH))
        return moved

    async def tell(self) -> None:
        """Add what this process has counted to what all have."""
        if batch := self.tally.batch():
            call, counts = batch
            await self.transitions["count"](args=[call, *(item for pair in counts.items() for item in pair)])
            self.tally.heard(call)

    async def measure(self, queues: Iterable[str]) -> Measures:
        """What was counted, what others have not told yet left out; these queues, and all that were used."""
        async with self.redis.pipeline() as pipeline:
            pipeline.hgetall("fp:counts")
            await self.transitions["measure"](args=[lease(self.settings), *queues], client=pipeline)
            counted, state = await pipeline.execute()
        return await asyncio.to_thread(Measures.read, counted, *state)


def until_there_is_room(seconds: float) -> int:
    """Seconds after which some places of a full queue are free; its first job has waited for so many seconds.

    If the queue goes on as it did for that one, a tenth of its places is free after a tenth of that time.
    """
    return min(max(round(seconds / 10), 5), 600)
