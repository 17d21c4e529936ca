"""Jobs as an operator reads them: a table, or all that is known of one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from ..jobs.record import Job
from .desk import File

LINES = 20
"""Of the log, the last."""
HEAD = ("JOB", "STATUS", "PROCESS", "VERSION", "CREATED", "SECONDS", "PROGRESS", "MESSAGE")


def table(jobs: Iterable[Job]) -> str:
    rows = [HEAD, *(_row(job) for job in jobs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"{line.rstrip()}\n" for line in padded)


def _row(job: Job) -> Sequence[str]:
    ran = f"{(job.finished - job.started).total_seconds():.1f}" if job.started and job.finished else ""
    text = str(job.problem["detail"]) if job.problem else job.message or ""
    first, *_ = text.splitlines() or [""]
    return job.id, job.status, job.process_id, job.version, moment(job.created), ran, f"{job.progress} %", first


def page(file: File) -> str:
    members = "".join(f"{name:<12} {_plain(value)}\n" for name, value in document(file.job).items())
    lines = "".join(f"{line.moment} {line.level:<7} {line.text}\n" for line in file.log[-LINES:])
    return members + (f"\n{lines}" if lines else "")


def document(job: Job) -> dict[str, Any]:
    """Members that have a value, of which most are those of a status info."""
    members = {
        "jobID": job.id,
        "status": job.status,
        "processID": job.process_id,
        "version": job.version,
        "fingerprint": job.fingerprint,
        "attempt": job.attempt,
        "ran": f"{job.ran.version} {job.ran.fingerprint}" if job.ran else None,
        "progress": job.progress,
        "message": job.message,
        "exception": dict(job.problem) if job.problem else None,
    }
    return {name: value for name, value in [*members.items(), *_moments(job)] if value is not None}


def whole(file: File) -> dict[str, Any]:
    return {**document(file.job), "request": file.request, "log": [line.as_document() for line in file.log]}


def _moments(job: Job) -> Iterator[tuple[str, str]]:
    for name in ("created", "started", "updated", "finished", "expires"):
        if (value := getattr(job, name)) is not None:
            yield name, moment(value)


def _plain(value: Any) -> str:
    return str(value["detail"]) if isinstance(value, dict) else str(value)


def moment(value: datetime) -> str:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")
