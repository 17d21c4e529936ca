"""`/jobs/{jobID}/events`: what becomes of a job and what it says, as it happens (server-sent events of HTML)."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ..jobs.connection import STORE_ERRORS
from ..jobs.following import Sight
from ..jobs.status_info import status_info
from ..links import EVENT_STREAM, Urls
from .callers.authentication import is_known_still
from .followers import Followers
from .jobs import LOOK_SECONDS, find_job
from .services import Services, services_of, urls_of

router = APIRouter()

HEARTBEAT_SECONDS = 15.0
"""Of silence. Proxies close connections on which nothing comes."""

RETRY = b"retry: 2000\n\n"
"""Milliseconds after which a browser comes again."""

HEARTBEAT = b": still there\n\n"

HEADERS = {"Content-Type": EVENT_STREAM, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""The last has nginx pass on each event at once."""


@router.api_route("/jobs/{job_id}/events", methods=["GET", "HEAD"])
async def job_events(request: Request, job_id: str) -> Response:
    """The status, the lines of the log beyond `Last-Event-ID`, and then whatever comes, until the job is finished."""
    services = services_of(request)
    job = await find_job(request, job_id)
    if request.method == "HEAD":
        return Response(headers=HEADERS)
    known = read_event_id(request.headers.get("last-event-id", ""))
    welcome = partial(is_known_still, request)
    return EventStream(stream(services, urls_of(request), job.id, known, welcome), services.followers)


class EventStream(StreamingResponse):
    """One follower, from its first byte to its last, however it ends."""

    def __init__(self, events: AsyncIterator[bytes], followers: Followers) -> None:
        super().__init__(events, headers=HEADERS)
        self.followers = followers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.followers.one_more():
            await super().__call__(scope, receive, send)


def read_event_id(text: str) -> int:
    """How many lines a client knows; 0 where it says nothing that could be meant so."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


async def stream(
    services: Services,
    urls: Urls,
    job_id: str,
    known: int,
    is_welcome: Callable[[], Awaitable[bool]],
    *,
    look: float = LOOK_SECONDS,
    heartbeat: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[bytes]:
    """It ends with the job, where the job is removed, or with this process; then a client may come again.

    Whether the client is welcome still is asked as often as silence has a heartbeat. A store that is away for a while
    has nothing new.
    """
    yield RETRY
    before: Sight | None = None
    spoke = asked = time.monotonic()
    is_over = False
    while not is_over:
        if time.monotonic() - asked >= heartbeat:
            if not await is_welcome():
                return
            asked = time.monotonic()
        try:
            now = await services.store.follow(job_id, before.said if before else known)
        except STORE_ERRORS:
            now = before
        else:
            if now is None:
                return
        told = b"".join(events(before, now, urls)) if now else b""
        if told or time.monotonic() - spoke >= heartbeat:
            yield told or HEARTBEAT
            spoke = time.monotonic()
        before = now
        is_over = (now is not None and now.job.status.is_final) or await services.ending.begins_within(look)


def events(before: Sight | None, now: Sight, urls: Urls) -> Iterator[bytes]:
    """What a look has shown that the look before had not."""
    if now is before:
        return
    if before is None or before.job.status != now.job.status:
        yield event("status", status_info(now.job, urls))
    elif (before.job.progress, before.job.message) != (now.job.progress, now.job.message):
        yield event("progress", progress(status_info(now.job, urls)))
    for number, line in now.news(before):
        yield event("log", line.as_document(), number)
    if now.job.status.is_final:
        yield event("done", {"status": now.job.status})


def event(name: str, document: Mapping[str, Any], number: int | None = None) -> bytes:
    """Its data are one line: JSON has no line breaks but escaped ones, and nothing in it begins another event."""
    numbered = b"" if number is None else b"id: %d\n" % number
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), numbered, orjson.dumps(document))


def progress(document: Mapping[str, Any]) -> dict[str, Any]:
    """Of a status info, what changes while a job runs."""
    return {name: document[name] for name in ("progress", "updated", "message") if name in document}
