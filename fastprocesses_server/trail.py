"""The trail of what happens: the request that it began with, its trace, who sent it, and the job that it became."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from random import getrandbits

REQUEST_ID = "X-Request-Id"

NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
VENDOR = re.compile(
    r"([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
)
"""A member of `tracestate`: who it is of, and what that one keeps."""
MOST_VENDORS, LONGEST_STATE = 32, 512
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Trail:
    """What every line of the log tells that is written on the way."""

    request_id: str = ""
    traceparent: str = ""
    """Of W3C Trace Context: the trace, and the span in it that all that follows is a part of."""
    caller: Callable[[], str] = str
    """The name, which may become known on the way."""
    job_id: str = ""
    process_id: str = ""
    attempt: int = 0
    tracestate: str = ""
    """What vendors keep with the trace."""

    def facts(self) -> dict[str, str | int]:
        """Those that are known."""
        facts: dict[str, str | int] = {
            "request_id": self.request_id,
            "caller": self.caller(),
            "trace_id": trace_id(self.traceparent),
            "job_id": self.job_id,
            "process_id": self.process_id,
            "attempt": self.attempt,
        }
        return {name: fact for name, fact in facts.items() if fact}


NOTHING = Trail()
_CURRENT: ContextVar[Trail] = ContextVar("trail", default=NOTHING)


def current() -> Trail:
    return _CURRENT.get()


def begin(trail: Trail) -> None:
    """For the rest of what runs here."""
    _CURRENT.set(trail)


@contextmanager
def following(trail: Trail) -> Iterator[None]:
    before = _CURRENT.set(trail)
    try:
        yield
    finally:
        _CURRENT.reset(before)


def request_id(given: Sequence[str]) -> str:
    """What a client or a proxy calls the request, where that is one short name; else a new one."""
    if len(given) == 1 and NAME.fullmatch(given[0]):
        return given[0]
    return f"{getrandbits(64):016x}"  # tells requests apart, and is no secret


def read_traceparent(given: Sequence[str]) -> str:
    """Empty where it is not what the standard says: then there is none."""
    return given[0] if len(given) == 1 and TRACEPARENT.fullmatch(given[0]) else ""


def read_tracestate(given: Sequence[str]) -> str:
    """Headers of that name are one list (W3C Trace Context, 3.3). Empty where anything in it is wrong, or too much."""
    if not given:
        return ""
    members = [member.strip(" \t") for header in given for member in header.split(",")]
    state = ",".join(filter(None, members))
    vendors = [member.partition("=")[0] for member in members if member]
    is_right = all(VENDOR.fullmatch(member) for member in members if member) and len(set(vendors)) == len(vendors)
    return state if is_right and len(vendors) <= MOST_VENDORS and len(state) <= LONGEST_STATE else ""


def trace_headers(trail: Trail) -> dict[str, str]:
    """For those who are told on the way; empty where there is no trace."""
    headers = {"traceparent": trail.traceparent, "tracestate": trail.traceparent and trail.tracestate}
    return {name: value for name, value in headers.items() if value}


def trace_id(traceparent: str) -> str:
    return traceparent[3:35]


def as_fields(trail: Trail) -> dict[str, str]:
    """Of the record of a job, so that its worker goes on with the trail."""
    return ({"request_id": trail.request_id} if trail.request_id else {}) | trace_headers(trail)
