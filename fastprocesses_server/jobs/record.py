"""The record of a job, as Redis holds it: the one truth about what became of an execution."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from ..trail import Trail


class Status(StrEnum):
    """statusCode.yaml"""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"

    @property
    def is_final(self) -> bool:
        return self not in (Status.ACCEPTED, Status.RUNNING)


@dataclass(frozen=True, slots=True)
class Ran:
    """The process as the worker has it, which may be newer than the one that the job was made for."""

    version: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it was read. A change is a transition in Redis, and a new `Job`."""

    id: str
    process_id: str
    version: str
    fingerprint: str
    status: Status
    is_public: bool
    request_id: str
    """Of the request that it was made for."""
    traceparent: str
    """The trace that it is a part of; empty where there is none."""
    tracestate: str
    maker: str
    """Whose job it is; empty where nobody had to say who they are."""
    joined: str | None
    """The job whose outputs it was to have."""
    attempt: int
    created: datetime
    updated: datetime
    started: datetime | None
    finished: datetime | None
    progress: int
    message: str | None
    problem: Mapping[str, Any] | None
    """Why the job failed: the members of a problem document."""
    ran: Ran | None
    """What ran, or runs, once a worker has started it."""
    expires: datetime | None
    """When a finished job is forgotten."""
    results_expire: datetime | None
    """When the outputs of a successful job are."""

    @property
    def trail(self) -> Trail:
        """What its lines in the log tell, wherever they are written."""
        found = self.request_id, self.traceparent, lambda: self.maker, self.id, self.process_id, self.attempt
        return Trail(*found, self.tracestate)


def read_record(fields: Mapping[bytes, bytes]) -> Job:
    problem = fields.get(b"problem")
    message, joined = fields.get(b"message"), fields.get(b"joined")
    status = Status(fields[b"status"].decode())
    finished = _moment(fields[b"finished"]) if b"finished" in fields else None
    return Job(
        id=fields[b"id"].decode(),
        process_id=fields[b"process"].decode(),
        version=fields[b"version"].decode(),
        fingerprint=fields[b"fingerprint"].decode(),
        status=status,
        is_public=fields[b"public"] == b"1",
        request_id=fields.get(b"request_id", b"").decode(),
        traceparent=fields.get(b"traceparent", b"").decode(),
        tracestate=fields.get(b"tracestate", b"").decode(),
        maker=fields.get(b"maker", b"").decode(),
        joined=joined.decode() if joined else None,
        attempt=int(fields[b"attempt"]),
        created=_moment(fields[b"created"]),
        updated=_moment(fields[b"updated"]),
        started=_moment(fields[b"started"]) if b"started" in fields else None,
        finished=finished,
        progress=int(float(fields[b"progress"])),
        message=message.decode() if message else None,
        problem=orjson.loads(problem) if problem else None,
        ran=_ran(fields.get(b"ran", b"")),
        expires=_later(finished, fields[b"record_ttl"]),
        results_expire=_later(finished, fields[b"results_ttl"]) if status == Status.SUCCESSFUL else None,
    )


def _ran(offer: bytes) -> Ran | None:
    """As the worker registered it: version and fingerprint."""
    version, _, fingerprint = offer.decode().rpartition(" ")
    return Ran(version, fingerprint) if fingerprint else None


def _later(moment: datetime | None, milliseconds: bytes) -> datetime | None:
    return moment + timedelta(milliseconds=int(milliseconds)) if moment else None


def _moment(milliseconds: bytes) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def as_mapping(pairs: Sequence[bytes]) -> dict[bytes, bytes]:
    """What HGETALL answers inside a script: names and values in turn."""
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def read_moved(moved: list[tuple[bytes, bytes]]) -> list[tuple[str, Status]]:
    """What `reap` answers: jobs whose worker was lost, and their status now."""
    return [(job_id.decode(), Status(status.decode())) for job_id, status in moved]
