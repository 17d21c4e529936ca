"""Connections: how much of a request's head is read, how long clients may take, and which give way to newer ones.

uvicorn waits for the head and the body of a request as long as a client likes, and keeps all that comes of a head.
"""

import asyncio
import resource
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import ClassVar

from loguru import logger
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .packets import Packets

OWN_FILES = 512
"""Open files that are left for everything else: Redis, results, logs."""
MOST_FILES = 65_536
LEAST_CONNECTIONS = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one API process and its clients, in seconds and bytes."""

    head_size: int = 64 * 1024
    headers: int = 200
    head_seconds: float = 20
    body_seconds: float = 30
    """A body may take so long, and longer by what came of it: a second for every `body_rate` bytes."""
    body_rate: int = 10 * 1024
    grace: float = 5
    """After which a connection is closed whose client was told that it is too slow."""
    stall_seconds: float = 300
    """Without an answer being read on; it is read in parts of 48 KiB and more."""
    connections: int = 4096

    def body_allowance(self, size: int) -> float:
        return self.body_seconds + size / self.body_rate


LIMITS = Limits()


class _Reads(Enum):
    NOTHING = 0
    HEAD = 1
    BODY = 2


class HeadIsTooLarge(Exception):
    """Ends the work of the parser."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's, with limits."""

    limits: ClassVar[Limits]
    reading: ClassVar[dict["PatientProtocol", None]]
    """Those that wait for the rest of a request, the longest first."""

    reads = _Reads.NOTHING
    begun = 0.0
    until = 0.0
    size = 0
    is_too_large = False
    timer: asyncio.TimerHandle | None = None
    """Rings at `until` or before; it is not stopped for each request, which is done long before it rings."""
    rings_at = 0.0
    stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Packets(transport, self.loop))
        self._begin(_Reads.HEAD, self.limits.head_seconds)
        if len(self.connections) > self.limits.connections:
            next(iter(self.reading)).give_way()

    def give_way(self) -> None:
        logger.debug("a connection gives way to a newer one: there are {}", self.limits.connections)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        if self.timer:
            self.timer.cancel()
        self._go_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.reads is _Reads.NOTHING:
            self._begin(_Reads.HEAD, self.limits.head_seconds)
        if self.reads is _Reads.HEAD:
            self.size += len(data)
        super().data_received(data)
        if self.reads is _Reads.HEAD and self.size > self.limits.head_size and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > self.limits.headers:
            self.is_too_large = True
            raise HeadIsTooLarge

    def on_headers_complete(self) -> None:
        self._begin(_Reads.BODY, self.limits.body_seconds + self.limits.grace)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.size += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._end()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn does with a request that cannot be parsed."""
        if self.is_too_large:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.stalled = self.stalled or self.loop.call_later(self.limits.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._go_on()
        super().resume_writing()

    def _go_on(self) -> None:
        if self.stalled:
            self.stalled.cancel()
            self.stalled = None

    def _begin(self, what: _Reads, seconds: float) -> None:
        self._end()
        self.reads, self.size, self.begun = what, 0, self.loop.time()
        self.reading[self] = None
        self._wait_until(self.begun + seconds)

    def _end(self) -> None:
        self.reads = _Reads.NOTHING
        self.reading.pop(self, None)

    def _wait_until(self, until: float) -> None:
        self.until = until
        if self.timer and self.rings_at > until:
            self.timer.cancel()
            self.timer = None
        if self.timer is None:
            self.rings_at, self.timer = until, self.loop.call_at(until, self._ring)

    def _ring(self) -> None:
        self.timer = None
        if self.reads is _Reads.NOTHING:
            return
        if self.until > self.loop.time():
            self._wait_until(self.until)
        elif self.reads is _Reads.HEAD:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._judge_body()

    def _judge_body(self) -> None:
        """Where the application does not take the body, the client is not to blame."""
        now = self.loop.time()
        left = self.begun + self.limits.body_allowance(self.size) + self.limits.grace - now
        if left > 0 or self.flow.read_paused:
            self._wait_until(now + max(left, 1))
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        """In plain text: there is no request yet that says what it takes. Who has sent nothing is told nothing."""
        if self.size:
            text = f"{status.value} {status.phrase}"
            head = f"HTTP/1.1 {text}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(text)}\r\n"
            self.transport.write(f"{head}connection: close\r\n\r\n{text}".encode())
        self.transport.close()


def protocol_with(limits: Limits) -> type[PatientProtocol]:
    """For one server."""
    return type("Protocol", (PatientProtocol,), {"limits": limits, "reading": {}})


def most_connections() -> int:
    """As many as the system lets this process have, after it was asked for as many as it gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    files = MOST_FILES if soft == resource.RLIM_INFINITY else soft
    return min(max(files - OWN_FILES, LEAST_CONNECTIONS), LIMITS.connections)
