"""The job store as workers use it: a job is theirs while they hold its lease."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

import orjson
import redis
from loguru import logger

from ..fail_points import fail_point
from ..processes.registry import Registry
from ..settings import Settings
from ..settings.secrets import secret_values, without
from .cache import Entry
from .callbacks import DISPATCH, log_given_up
from .connection import STORE_ERRORS
from .folder import look
from .lifetimes import lease
from .log import MOST_LINES, LogLine
from .offers import offers_of
from .record import Job, Status, as_mapping, read_moved, read_record
from .transitions import DECLINED, REAP, load_transitions

PATIENCE = 300.0
"""Seconds that a child waits for a Redis that is away."""

REGISTRY_SECONDS = 86_400

LACKS_FILES = 2
"""What `commit` answers where joined jobs need files of their own first."""

NONE: Mapping[str, bytes] = {}


SHORTEST_WAIT = 0.005
"""Seconds. Redis before 7.0.8 takes hardly any time for no end of it."""


class Verdict(StrEnum):
    """Of a job: go on, over a time limit, or not this worker's any more."""

    RUN = "run"
    SOFT = "soft"
    HARD = "hard"
    KILL = "kill"


@dataclass(frozen=True, slots=True)
class Message:
    """That a job waits, taken from its queue."""

    job_id: str
    queue: bytes
    text: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this process runs, with the request as it was stored."""

    job: Job
    request: bytes
    soft_limit: float
    """Seconds."""
    memory_limit: int
    """Bytes; 0 where there is none."""
    key: str
    """Of the execution; empty where it has none, or was to run by itself."""

    @classmethod
    def read(cls, answer: list[Any]) -> Self:
        fields, request = answer
        record = as_mapping(fields)
        limits = int(record[b"soft"]) / 1000, int(record.get(b"memory", 0))
        return cls(read_record(record), request, *limits, record.get(b"key", b"").decode())


@dataclass(frozen=True, slots=True)
class Held:
    """A job of a worker, as the store sees it."""

    job_id: str
    pid: int
    attempt: int
    verdict: Verdict
    memory_limit: int
    """Bytes; 0 where there is none."""
    progress: int
    left: int = 0
    """Bytes that earlier jobs left in its process, and in what they left running: these do not count."""
    elapsed: float = 0
    """Seconds since the attempt began, on the store's clock, which may have been set meanwhile."""
    soft_limit: float = inf
    hard_limit: float = inf

    @classmethod
    def read(cls, answer: list[Any]) -> Self:
        job_id, pid, attempt, verdict, memory, progress, left, *milliseconds = answer
        seconds = (number / 1000 for number in milliseconds)
        numbers = int(memory), int(float(progress)), int(left)
        return cls(job_id.decode(), int(pid), int(attempt), Verdict(verdict.decode()), *numbers, *seconds)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt has led to: the manifest of the outputs, or a problem document."""

    status: Status
    document: bytes
    has_files: bool = False
    """Whether the manifest names files of the job."""
    entry: Entry | None = None
    """Of the result cache, where that is beside the jobs."""


class Leases:
    """Transitions of one worker's jobs. Every method may raise one of `STORE_ERRORS`."""

    def __init__(
        self, redis: redis.Redis, settings: Settings, registry: Registry, owner: str, queues: Sequence[str] = ()
    ) -> None:
        self.redis = redis
        self.lease = lease(settings)
        self.secrets = secret_values(settings)
        self.registry = registry
        self.owner = owner
        self.fingerprint = registry.fingerprint
        self.queues = tuple(queues)
        self.folder = ""
        """Mark of the folder of results, once it is known."""
        self.transitions = load_transitions(redis)

    def register(self) -> None:
        """Tell what this worker has, so that others can tell which jobs it may run."""
        name = f"fp:registry:{self.fingerprint}"
        offers: Any = offers_of(self.registry)
        with self.redis.pipeline() as pipeline:
            if offers:
                pipeline.hset(name, mapping=offers)
            pipeline.expire(name, REGISTRY_SECONDS)
            pipeline.execute()

    def look_at(self, folder: Path) -> bytes:
        """Have the heartbeats tell which folder of results this worker sees; the id of the store."""
        store: bytes = self.transitions["identify"](args=[token_hex(8)])
        self.folder = look(folder, store)
        return store

    def await_message(self, seconds: float) -> Message | None:
        """The next message in the queues of this worker; None where none comes in so many seconds.

        Like one that Celery takes, a message that is lost on the way is sent again by whoever reaps.
        """
        if seconds < SHORTEST_WAIT:
            return None
        try:
            found: Any = self.redis.brpop(list(self.queues), seconds)
        except STORE_ERRORS as error:
            logger.warning("a process for jobs waits for Redis: {}", error)
            return None
        return Message(str(orjson.loads(found[1])["headers"]["id"]), *found) if found else None

    def put_back(self, message: Message) -> None:
        """For another worker. Where Redis is away, it is as lost as any other."""
        with suppress(*STORE_ERRORS):
            self.redis.rpush(message.queue, message.text)

    def claim(self, job_id: str, left: int = 0) -> Claim | None:
        """The job, now running in this process; None where another has it, nobody wants it any more, or it waits.

        `left`: bytes that earlier jobs left in this process, and in what they left running.
        """
        arguments = [job_id, self.owner, os.getpid(), self.lease, self.fingerprint, left]
        claimed = self._patiently("claim", arguments, f"job {job_id} waits for Redis to be claimed")
        return Claim.read(claimed) if claimed else None

    def beat(self) -> list[Held]:
        """Renew every lease of this worker. Whether a job is over a time limit is not told: see `Ages`."""
        arguments = [self.owner, self.lease, self.fingerprint, self.folder, *self.queues]
        is_registered, held = self.transitions["beat"](args=arguments)
        if not is_registered:
            self.register()
        return [Held.read(job) for job in held]

    def progress(self, job: Job, percent: float, message: str) -> bool:
        """False where the job is no longer this attempt's."""
        return bool(self.transitions["progress"](args=[job.id, job.attempt, self.owner, percent, message]))

    def say(self, job_id: str, attempt: int, lines: Sequence[LogLine], left_out: int) -> bool:
        """Add to the log of a job, without secrets of ours; False where it is no longer this attempt's."""
        said = (replace(line, text=without(line.text, self.secrets)).as_json() for line in lines)
        return bool(self.transitions["say"](args=[job_id, attempt, self.owner, MOST_LINES, left_out, *said]))

    def commit(
        self, job_id: str, attempt: int, outcome: Outcome, joined: Mapping[str, bytes] = NONE, left: int | None = None
    ) -> bool | Claim | set[str]:
        """Status, outcome and entry of the cache in one step; False where the job is no longer this attempt's.

        Where it is known how many bytes jobs have `left` in this process, it takes the next job of the queue in the
        same step: that one is the answer, if there is one.

        Jobs that joined this one end with it. They need files of their own: `joined` has manifests with theirs, by
        job id; where some are missing, nothing is committed, and the answer is their ids. One that is given none (an
        empty manifest) does not end: the next of these runs for the rest.
        A Redis that is away is waited for: the work is done, and must not be lost.
        """
        manifests = (item for pair in joined.items() for item in pair)
        fence, end = [job_id, attempt, self.owner], [outcome.status, outcome.document, int(outcome.has_files)]
        process = [os.getpid(), self.lease, self.fingerprint, "" if left is None else left]
        entry = outcome.entry
        kept = (entry.key, entry.manifest, entry.milliseconds) if entry else ("", "", "")
        waiting = f"job {job_id} waits for Redis to take its outcome"
        answer, ids, *further = self._patiently("commit", [*fence, *end, *process, *kept, *manifests], waiting)
        others = ids.decode().split()
        if answer == LACKS_FILES:
            return set(others)
        _log_joined(others, outcome.status, job_id)
        return Claim.read(further[0]) if further else bool(answer)

    def retry(self, job: Job, pause: float, message: str, problem: bytes) -> Status | None:
        """The attempt ended with an exception after which another may follow; None where the job is another's."""
        arguments = [job.id, job.attempt, self.owner, token_hex(8), round(pause * 1000), message, problem]
        return _status(self._patiently("retry", arguments, f"job {job.id} waits for Redis to be tried again"))

    def decline(self, job: Job, reason: str, problem: bytes) -> Status | None:
        """No process of this worker fits the job; None where the job is another's."""
        fence, call = [job.id, job.attempt, self.owner], token_hex(8)
        arguments = [*fence, call, self.lease, self.fingerprint, reason, problem, *DECLINED]
        answer = self._patiently("decline", arguments, f"job {job.id} waits for Redis to be declined")
        if answer is None:
            return None
        status, *others = answer.decode().split()
        _log_joined(others, status, job.id)
        return Status(status)

    def _patiently(self, transition: str, arguments: list[Any], waiting: str) -> Any:
        """A transition that may be repeated: one whose answer was lost is answered in the same way again."""
        end, pause = time.monotonic() + PATIENCE, 0.1
        while True:
            try:
                answer = self.transitions[transition](args=arguments)
                fail_point(f"{transition}-unheard", arguments[0], redis.ConnectionError("a fail point lost the answer"))
                return answer
            except STORE_ERRORS as error:
                if time.monotonic() > end:
                    raise
                logger.warning("{}: {}", waiting, error)
            time.sleep(pause)
            pause = min(pause * 2, 1)

    def overrun(self, held: Held, problem: Mapping[str, Any]) -> bool:
        """Fail a job that is over a limit; from now on its verdict is to kill. False where it is not this attempt's."""
        arguments = [held.job_id, held.attempt, self.owner, token_hex(8), orjson.dumps(problem)]
        return bool(self.transitions["overrun"](args=arguments))

    def manifest(self, job_id: str) -> bytes | None:
        """Of the outputs of any job that has them."""
        stored: Any = self.redis.get(f"fp:job:{job_id}:results")
        return stored if isinstance(stored, bytes) else None

    def gone(self, job_id: str, pid: int) -> Status | None:
        """The process died; the status that its job has now, None where it was not its job."""
        return _status(self.transitions["gone"](args=[self.owner, pid, job_id, token_hex(8)]))

    def give_back(self) -> list[tuple[str, int, Status]]:
        """Leave: what runs goes back to the head of its queue. Job, process id and status now of each."""
        given = self.transitions["give_back"](args=[self.owner, *self.queues])
        return [(job_id.decode(), int(pid), Status(status.decode())) for job_id, pid, status in given]

    def reap(self) -> list[tuple[str, Status]]:
        """Send again what was lost, and callbacks that are due; the jobs whose worker is gone, and their status now."""
        moved = read_moved(self.transitions["reap"](args=[*REAP, self.lease]))
        log_given_up(self.transitions["dispatch"](args=DISPATCH))
        return moved


def _log_joined(others: Sequence[str], status: str, job_id: str) -> None:
    for other in others:
        logger.info("job {job_id} {} with job {}, which it had joined", status, job_id, job_id=other)


def _status(answer: bytes | None) -> Status | None:
    return Status(answer.decode()) if answer else None
