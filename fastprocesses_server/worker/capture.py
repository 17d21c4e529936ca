"""Redirects what a callable writes into a pipe, in the process that runs it: file descriptors, logging, warnings.

The scribe in the worker's parent has the other end. It says who speaks on a slate that both have, a file in memory, so
that a job that says nothing costs the parent nothing.
"""

import ctypes
import fcntl
import io
import logging
import os
import select
import socket
import sys
import tempfile
import termios
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

from loguru import logger

from ..jobs.log import Source
from ..jobs.record import Job
from ..logs import divert_logging
from .family import has_children
from .output import LEVELS, marked_lines

STANDARD = (1, 2)
HAND_OVER_SECONDS = 3.0
"""How long the end of a job waits for its log to be stored."""

PIPE_BYTES = 1 << 18

UNHEARD, HEARD = b"\0", b"\1"
"""First byte of the slate: whether the scribe has read anything of the job that the rest of it names."""


class Lane:
    """A pipe from here to the scribe, with the slate, and a pipe back on which the scribe says that all is stored."""

    def __init__(self, mouth: socket.socket, number: int) -> None:
        self.mouth, self.number = mouth, number
        self.tail, self.head = os.pipe()
        self.slate = _memory_file()
        self.stored, answer = os.pipe()
        try:
            os.set_blocking(self.tail, False)
            _enlarge(self.head)
            self._tell("open", [self.tail, self.slate, answer])
        finally:
            os.close(answer)

    def _tell(self, what: str, descriptors: list[int]) -> None:
        socket.send_fds(self.mouth, [f"{what} {os.getpid()} {self.number}".encode()], descriptors)

    def begin(self, job: Job) -> None:
        os.pwrite(self.slate, UNHEARD + f"{job.id} {job.attempt}\n".encode(), 0)

    def is_silent(self) -> bool:
        """Whether nothing was written since; in this order, as the scribe writes on the slate before it reads."""
        unread = int.from_bytes(fcntl.ioctl(self.tail, termios.FIONREAD, bytes(4)), sys.byteorder)
        return not unread and os.pread(self.slate, 1, 0) == UNHEARD

    def hand_over(self) -> bool:
        """Have all that was written stored; False where that takes too long."""
        self._tell("over", [])
        waiting = select.poll()
        waiting.register(self.stored, select.POLLIN)
        return bool(waiting.poll(HAND_OVER_SECONDS * 1000)) and bool(os.read(self.stored, 1))

    def close(self) -> None:
        for descriptor in (self.tail, self.head, self.slate, self.stored):
            with suppress(OSError):  # a callable may have closed it
                os.close(descriptor)


class Capture:
    """Made in the parent; `enter_child` makes it usable in a child, where one job runs after the other.

    `ends` are the descriptors of ear and mouth that an earlier image of the worker had, whose children speak there.
    """

    def __init__(self, ends: tuple[int, int] | None = None) -> None:
        if ends:
            self.ear, self.mouth = (socket.socket(fileno=end) for end in ends)
        else:
            self.ear, self.mouth = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.lane: Lane | None = None
        self.numbers = count()
        self.is_on = False

    def enter_child(self) -> None:
        self.ear.close()
        self.mouth.settimeout(HAND_OVER_SECONDS)
        self.real = [os.dup(descriptor) for descriptor in STANDARD]
        self.streams = [_stream(descriptor) for descriptor in STANDARD]
        self._use_streams()
        self.c_library = ctypes.CDLL(None)
        self.c_output = _c_output(self.c_library)

    @contextmanager
    def of(self, job: Job) -> Iterator[None]:
        """What is said meanwhile is the job's. What a callable did to the streams is undone."""
        try:
            self._begin(job)
        except OSError as error:
            self._drop_lane()
            logger.warning("job {}: what it says cannot be kept: {}", job.id, error)
        root, showwarning = logging.getLogger(), warnings.showwarning
        if root.level == logging.WARNING:  # for good: to set it costs a look at every logger
            root.setLevel(logging.INFO)
        with warnings.catch_warnings():  # entered and left, it has Python forget which warnings were shown before
            pass
        divert_logging(self._on_record)
        warnings.showwarning = self._on_warning
        try:
            yield
        finally:
            warnings.showwarning = showwarning
            divert_logging(None)
            self._end(job)

    def say(self, level: str, source: Source, text: str) -> None:
        """Never fails."""
        if not self.is_on or self.lane is None:
            return
        for stream in self.streams:
            with suppress(OSError, ValueError):
                stream.flush()
        with suppress(OSError):
            for line in marked_lines(level, source, text):
                os.write(self.lane.head, line)

    def take(self, number: int, text: str) -> None:
        """What authors say by loguru; between jobs, as an import may, to the log of the server."""
        level = _level(number)
        if self.is_on:
            self.say(level, Source.LOGGING, text)
        else:
            logger.log(level, text)

    def _begin(self, job: Job) -> None:
        if self.lane is None:
            self.lane = Lane(self.mouth, next(self.numbers))
        self.lane.begin(job)
        for descriptor in STANDARD:
            os.dup2(self.lane.head, descriptor)
        self.is_on = True

    def _end(self, job: Job) -> None:
        self._restore()
        if not self.is_on or self.lane is None:
            return
        self.is_on = False
        try:
            is_stored = self.lane.is_silent() or self.lane.hand_over()
        except OSError as error:
            is_stored = False
            logger.debug("job {}: its log is not handed over: {}", job.id, error)
        if not is_stored or has_children():
            self._drop_lane()  # what still speaks there is not the next job

    def _restore(self) -> None:
        """The streams first: what a callable put in their place may write when it goes."""
        self._use_streams()
        for stream in self.streams:
            with suppress(OSError, ValueError):
                stream.flush()
        if self.c_output:
            self.c_library.fflush(self.c_output)
        for real, descriptor in zip(self.real, STANDARD, strict=True):
            with suppress(OSError):
                os.dup2(real, descriptor)
        if any(stream.closed for stream in self.streams):
            self.streams = [_stream(descriptor) for descriptor in STANDARD]
            self._use_streams()

    def _use_streams(self) -> None:
        out, err = self.streams
        sys.stdout, sys.stderr = out, err
        sys.__stdout__, sys.__stderr__ = out, err  # type: ignore[misc] # for the fork the first ones are not the last

    def _drop_lane(self) -> None:
        if self.lane:
            self.lane.close()
        self.lane = None

    def _on_record(self, record: logging.LogRecord) -> None:
        if _is_written(record):
            return
        self.say(_level(record.levelno), Source.LOGGING, _text_of(record))

    def _on_warning(
        self, message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any
    ) -> None:
        text = f"{category.__name__}: {message} ({os.path.basename(filename)}:{lineno})"  # noqa: PTH119
        self.say("WARNING", Source.WARNINGS, text)


def _level(number: int) -> str:
    return LEVELS[min(max(number // 10, 1), 5) - 1]


def _enlarge(pipe: int) -> None:
    """Where that is offered and allowed."""
    with suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _memory_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("slate")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _stream(descriptor: int) -> io.TextIOWrapper:
    """By lines, so that they are heard when they are said."""
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _c_output(c_library: ctypes.CDLL) -> ctypes.c_void_p | None:
    """What C code calls stdout, from now on by lines too; None where it cannot be found."""
    for name in ("stdout", "__stdoutp"):
        with suppress(ValueError):
            found = ctypes.c_void_p.in_dll(c_library, name)
            c_library.setvbuf(found, None, 1, 0)
            return found
    return None


def _text_of(record: logging.LogRecord) -> str:
    try:
        return logging.Formatter("%(name)s: %(message)s").format(record)
    except Exception:  # noqa: BLE001 - the author's arguments do not fit the author's text
        return f"{record.name}: {record.msg!r} with {record.args!r}"


def _is_written(record: logging.LogRecord) -> bool:
    """Whether a handler of the author's writes it to standard output or error."""
    name: logging.Logger | None = logging.getLogger(record.name)
    while name:
        for handler in name.handlers:
            with suppress(AttributeError, OSError, ValueError):
                if handler.stream.fileno() in STANDARD:  # type: ignore[attr-defined] # of some handlers
                    return True
        name = name.parent if name.propagate else None
    return False
