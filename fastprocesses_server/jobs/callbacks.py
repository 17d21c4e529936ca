"""Callbacks that wait in the store: what a subscriber has still to be told, and when it is tried again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loguru import logger

from .record import Job, Status, as_mapping, read_record
from .transitions import load_transitions

if TYPE_CHECKING:
    from redis import Redis

QUEUE = "fastprocesses_server.callbacks"
"""Every worker serves it, beside its queues of jobs."""

PAUSES = (1, 5, 30, 300, 1800, 7200, 21600)
"""Seconds between one try and the next."""

LEASE = 20_000
"""Milliseconds after which a delivery that nobody heard of again is tried anew."""

DISPATCH = (QUEUE, 5_000, LEASE, 86_400_000)
"""Arguments of `dispatch`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One try to tell a subscriber what a job has become."""

    job: Job
    base: str
    """Of this server's URLs, as the subscriber used it."""
    request: bytes
    status: Status
    """What is told: running, or how the job ended."""
    uri: str
    event: int
    """Counts what the subscriber of the job is told; the same at every try."""
    tries: int
    answer: bytes
    """Manifest or problem of a job that ended."""


class Callbacks:
    """Deliveries of one process. Every method may raise one of `STORE_ERRORS`."""

    def __init__(self, redis: "Redis") -> None:
        self.transitions = load_transitions(redis)

    def take(self, job_id: str) -> Callback | None:
        """The job's callback, now this process's for the time of a lease; None where there is nothing to tell now."""
        taken = self.transitions["take"](args=[job_id, LEASE])
        if not taken:
            return None
        record, fields = as_mapping(taken[0]), as_mapping(taken[2])
        return Callback(
            job=read_record(record),
            base=record[b"base"].decode(),
            request=taken[1],
            status=Status(fields[b"status"].decode()),
            uri=fields[b"uri"].decode(),
            event=int(fields[b"event"]),
            tries=int(fields[b"tries"]),
            answer=fields[b"answer"],
        )

    def hold(self, callback: Callback, seconds: float) -> bool:
        """A delivery that takes longer than a lease; False where there is newer news."""
        return self._settle(callback, None, seconds)

    def settle(self, callback: Callback, pause: float | None, *, sink_answered: bool | None) -> bool:
        """The try is over; the next one follows after `pause` seconds, or never. None: the sink was not asked."""
        return self._settle(callback, sink_answered, pause)

    def _settle(self, callback: Callback, answered: bool | None, pause: float | None) -> bool:
        arguments = [
            callback.job.id,
            callback.event,
            callback.tries,
            callback.uri,
            "" if answered is None else int(answered),
            "" if pause is None else round(pause * 1000),
        ]
        return bool(self.transitions["settle"](args=arguments))


def pause_after(status: int | None, tries: int) -> float | None:
    """Seconds until the next try after an answer of that status (None: there was none); None where there is no next.

    A sink that says that the request is wrong would say so again.
    """
    if status is not None and (200 <= status < 300 or (400 <= status < 500 and status not in (408, 429))):
        return None
    return PAUSES[tries - 1] if tries <= len(PAUSES) else None


def log_given_up(job_ids: Iterable[bytes]) -> None:
    for job_id in job_ids:
        logger.warning(
            "job {job_id}: its callback is given up: too old, or the job was removed", job_id=job_id.decode()
        )
