"""The filters of the job list as clients write them (class job-list)."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from ..jobs.record import Status
from ..jobs.selection import Selection
from ..processes.suggestion import suggest
from .query import Query

FILTERS = ("type", "processID", "status", "datetime", "minDuration", "maxDuration")
JOB_TYPE = "process"
MOST_PROCESSES = 50
"""Each is a list of its own to merge."""

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def read_selection(query: Query) -> Selection:
    _check_types(query)
    earliest, latest = _read_datetime(query)
    return Selection(
        statuses=_read_statuses(query),
        processes=_read_processes(query),
        earliest=earliest,
        latest=latest,
        shortest=_read_seconds(query, "minDuration"),
        longest=_read_seconds(query, "maxDuration"),
    )


def _check_types(query: Query) -> None:
    """/req/job-list/type-definition; all jobs are of the one type."""
    for name in query.items("type"):
        if name != JOB_TYPE:
            query.complain("type", f'"{name}" is none of: {JOB_TYPE}')


def _read_statuses(query: Query) -> tuple[Status, ...] | None:
    """/req/job-list/status-definition; None also where all are named."""
    names = set(query.items("status"))
    for name in sorted(names - set(Status)):
        query.complain("status", f'"{name}" is none of {", ".join(Status)}{suggest(name, Status)}')
    chosen = tuple(status for status in Status if status in names)
    return chosen if 0 < len(chosen) < len(Status) else None


def _read_processes(query: Query) -> tuple[str, ...] | None:
    """/req/job-list/processID-definition; jobs outlive their process, so that any id may be asked for."""
    names = tuple(dict.fromkeys(query.items("processID")))
    if len(names) > MOST_PROCESSES:
        query.complain("processID", f"names {len(names)} processes; ask for {MOST_PROCESSES} at most")
    return names or None


def _read_seconds(query: Query, name: str) -> int | None:
    """/req/job-list/duration-definition: an array, of which the first item counts."""
    seconds = query.first_integer(name, least=0)
    return None if seconds is None else seconds * 1000


def _read_datetime(query: Query) -> tuple[int | None, int | None]:
    text = query.text("datetime")
    if text is None:
        return None, None
    try:
        return read_interval(text)
    except ValueError as error:
        query.complain("datetime", str(error))
        return None, None


def read_interval(text: str) -> tuple[int | None, int | None]:
    """First and last millisecond of an instant or interval (/req/job-list/datetime-definition); None for an open end.

    Raises:
        ValueError: that says what to write.
    """
    start, is_interval, end = text.partition("/")
    earliest, latest = (_open_end(start), _open_end(end)) if is_interval else (_moment(text), _moment(text))
    if earliest and latest and earliest > latest:
        raise ValueError("starts after its end")
    return (
        None if earliest is None else -((EPOCH - earliest) // MILLISECOND),
        None if latest is None else (latest - EPOCH) // MILLISECOND,
    )


def _open_end(text: str) -> datetime | None:
    return None if text in ("", "..") else _moment(text)


def _moment(text: str) -> datetime:
    # A "+" that was not encoded arrives as a blank.
    text = text.replace(" ", "+").upper()
    with suppress(ValueError):  # of the shape, and still none: the 30th of February
        if RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text)
    raise ValueError(
        "must be a moment such as 2024-02-12T23:20:50Z, or two with a slash between, of which one may be .."
    )
