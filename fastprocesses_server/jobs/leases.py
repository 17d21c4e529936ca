"""The job store as workers use it: a job is theirs while they hold its lease."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
import redis
from loguru import logger

from ..fail_points import fail_point
from .callbacks import DISPATCH, log_given_up
from .connection import STORE_ERRORS
from .record import Job, Status, as_mapping, read_moved, read_record
from .transitions import LEASE, REAP, SEND_AGAIN, load_transitions

PATIENCE = 300.0
"""Seconds that a child waits for a Redis that is away."""


class Verdict(StrEnum):
    """What a heartbeat says of a job: go on, over a time limit, or not this worker's any more."""

    RUN = "run"
    SOFT = "soft"
    HARD = "hard"
    KILL = "kill"


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this process runs, with the request as it was stored."""

    job: Job
    request: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """A job of a worker, as the store sees it."""

    job_id: str
    pid: int
    attempt: int
    verdict: Verdict


class Leases:
    """Transitions of one worker's jobs. Every method may raise one of `STORE_ERRORS`."""

    def __init__(self, redis: redis.Redis, owner: str, queues: Sequence[str]) -> None:
        self.redis = redis
        self.owner = owner
        self.queues = tuple(queues)
        self.transitions = load_transitions(redis)

    def claim(self, job_id: str) -> Claim | None:
        """The job, now running in this process; None where another has it or nobody wants it any more."""
        arguments = [job_id, self.owner, os.getpid(), LEASE, SEND_AGAIN]
        claimed = self._patiently("claim", arguments, f"job {job_id} waits for Redis to be claimed")
        return Claim(read_record(as_mapping(claimed[0])), claimed[1]) if claimed else None

    def beat(self) -> list[Held]:
        """Renew every lease of this worker."""
        held = self.transitions["beat"](args=[self.owner, LEASE, *self.queues])
        return [
            Held(job_id.decode(), int(pid), int(attempt), Verdict(verdict.decode()))
            for job_id, pid, attempt, verdict in held
        ]

    def progress(self, job: Job, percent: float, message: str) -> bool:
        """False where the job is no longer this attempt's."""
        return bool(self.transitions["progress"](args=[job.id, job.attempt, self.owner, percent, message]))

    def commit(self, job_id: str, attempt: int, status: Status, outcome: bytes) -> bool:
        """Status and manifest or problem, in one step; False where the job is no longer this attempt's.

        A Redis that is away is waited for: the work is done, and must not be lost.
        """
        arguments = [job_id, attempt, self.owner, status, outcome]
        return bool(self._patiently("commit", arguments, f"job {job_id} waits for Redis to take its outcome"))

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

    def time_out(self, held: Held, problem: dict[str, Any]) -> bool:
        """Fail a job that is over its hard limit; from now on its verdict is to kill."""
        return bool(self.transitions["time_out"](args=[held.job_id, held.attempt, self.owner, orjson.dumps(problem)]))

    def manifest(self, job_id: str) -> bytes | None:
        """Of the outputs of any job that has them."""
        stored: Any = self.redis.get(f"fp:job:{job_id}:results")
        return stored if isinstance(stored, bytes) else None

    def gone(self, job_id: str, pid: int) -> Status | None:
        """The process died; the status that its job has now, None where it was not its job."""
        status = self.transitions["gone"](args=[self.owner, pid, job_id, SEND_AGAIN])
        return Status(status.decode()) if status else None

    def give_back(self) -> list[tuple[str, int]]:
        """Leave: what runs goes back to the head of its queue. Job and process id of each."""
        given = self.transitions["give_back"](args=[self.owner, SEND_AGAIN, *self.queues])
        return [(job_id.decode(), int(pid)) for job_id, pid in given]

    def reap(self) -> list[tuple[str, Status]]:
        """Send again what was lost, and callbacks that are due; the jobs whose worker is gone, and their status now."""
        moved = read_moved(self.transitions["reap"](args=REAP))
        log_given_up(self.transitions["dispatch"](args=DISPATCH))
        return moved
