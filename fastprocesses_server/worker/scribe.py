"""The scribe: threads in the worker's parent that read what callables say, and write it to the logs of their jobs.

They live in the parent because numerical code that holds the interpreter's lock would starve a thread in the child, and
wait for ever once the pipe is full. What a process said last is read even when it was killed.
"""

import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from loguru import logger

from ..jobs.connection import STORE_ERRORS
from ..jobs.leases import Leases
from ..jobs.log import MOST_LINES, LogLine
from .capture import HEARD, Capture
from .output import Output

WRITE_SECONDS = 0.3
"""Least time between two writes, but for the end of a job."""

READ_BYTES = 65_536
FLOOD_ROUNDS, FLOOD_SECONDS, NAP_SECONDS = 20, 0.002, 0.005
"""After so many reads with no more time between them there is a pause, in which much comes together."""

MOST_READS = 32
"""For the last that a job said: a process that it left behind may go on for ever."""

MOST_PAGES = 200
"""That wait for a Redis that is away."""

HAND_OVER_SECONDS = 2.0
"""How long the next image of the worker waits for a line that is being written."""

Attempt = tuple[str, int]
Name = tuple[int, int]
"""Of a lane: the process, and its number there."""


class Voice:
    """The scribe's end of a lane."""

    def __init__(self, tail: int, slate: int, answer: int) -> None:
        self.tail, self.slate, self.answer = tail, slate, answer
        self.attempt: Attempt | None = None
        """That spoke last."""
        self.is_closed = False

    def read(self) -> bytes | None:
        """What is there now; None where there is nothing yet, no bytes once nobody can write any more."""
        os.pwrite(self.slate, HEARD, 0)
        try:
            data = os.read(self.tail, READ_BYTES)
        except BlockingIOError:
            return None
        if data:
            job_id, _, attempt = os.pread(self.slate, 100, 1).partition(b"\n")[0].decode().partition(" ")
            self.attempt = job_id, int(attempt)
        return data

    @property
    def descriptors(self) -> tuple[int, int, int]:
        return self.tail, self.slate, self.answer

    def say_stored(self) -> None:
        if not self.is_closed:
            with suppress(OSError):  # nobody waits for it any more
                os.write(self.answer, b"\1")

    def close(self) -> None:
        self.is_closed = True
        for descriptor in self.descriptors:
            os.close(descriptor)


class Page:
    """What an attempt said and is not stored yet."""

    def __init__(self) -> None:
        self.output = Output()
        self.unsent: deque[LogLine] = deque(maxlen=MOST_LINES)
        self.left_out = 0
        self.is_over = False
        self.is_complete = False
        """It is over, and all of it was collected."""
        self.asked_by: Voice | None = None
        """Who waits until all is stored."""

    def collect(self) -> None:
        lines, left_out = self.output.take(_now(), is_over=self.is_over)
        self.is_complete = self.is_over
        self.left_out += left_out + max(len(self.unsent) + len(lines) - MOST_LINES, 0)
        self.unsent.extend(lines)


@dataclass(frozen=True, slots=True)
class Lanes:
    """What the scribe of the next image of a worker goes on with; what it is told and has not read is in the pipes."""

    ends: tuple[int, int]
    """Descriptors of ear and mouth."""
    voices: Mapping[Name, Voice]
    pages: Mapping[Attempt, Page]

    def pass_on(self, *, is_passed_on: bool) -> None:
        """Whether the descriptors outlive this image. The next one takes that back: no program has a use for them."""
        for descriptor in (*self.ends, *(one for voice in self.voices.values() for one in voice.descriptors)):
            os.set_inheritable(descriptor, is_passed_on)


class Scribe:
    """Of all processes of one worker that run jobs. Made before they are; `leave_child` is for them."""

    def __init__(self, capture: Capture, leases: Leases, lanes: Lanes | None = None) -> None:
        self.ear, self.mouth = capture.ear, capture.mouth
        self.ear.setblocking(False)
        self.leases = leases
        self.voices: dict[Name, Voice] = {}
        self.pages: dict[Attempt, Page] = {}
        self.selector = selectors.DefaultSelector()
        self.reading, self.writing = threading.Lock(), threading.Lock()
        self.said, self.hurry = threading.Event(), threading.Event()
        if lanes:
            self._take_over(lanes)

    def _take_over(self, lanes: Lanes) -> None:
        lanes.pass_on(is_passed_on=False)
        self.pages.update(lanes.pages)
        for name, voice in lanes.voices.items():
            self._add(name, voice)
        self.said.set()
        self.hurry.set()

    def hand_over(self) -> Lanes:
        """To the next image of this worker. From now on nothing is read or written here."""
        # Of a Redis that hangs nobody knows what it has stored, and jobs wait: what was read already is given up.
        is_known = self.writing.acquire(timeout=HAND_OVER_SECONDS)
        self.reading.acquire()
        lanes = Lanes((self.ear.fileno(), self.mouth.fileno()), self.voices, self.pages if is_known else {})
        lanes.pass_on(is_passed_on=True)
        return lanes

    def start(self) -> None:
        for work in (self._listen, self._write_on):
            threading.Thread(target=_until_death, args=(work,), name="scribe", daemon=True).start()

    def leave_child(self) -> None:
        """A child has no use for what it inherited."""
        for voice in list(self.voices.values()):
            voice.close()
        self.selector.close()

    def finish(self, pid: int) -> None:
        """Read and write all that the jobs of a process have said, before anybody else may run them."""
        with self.reading:
            while self._hear():
                pass
            for (speaker, _), voice in self.voices.items():
                if speaker == pid:
                    self._drain(voice)
                    self._end(voice)
        self._write()

    def _listen(self) -> None:
        self.selector.register(self.ear, selectors.EVENT_READ)
        rounds, last = 0, time.monotonic()
        while True:
            for key, _ in self.selector.select():
                with self.reading:
                    if key.data is None:
                        self._hear()
                    else:
                        self._read(key.data)
            rounds = rounds + 1 if time.monotonic() - last < FLOOD_SECONDS else 0
            if rounds >= FLOOD_ROUNDS:
                time.sleep(NAP_SECONDS)
            last = time.monotonic()

    def _hear(self) -> bool:
        """Whether there was anything to hear: two threads may have been told of it."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self.ear, 100, 3)
        except BlockingIOError:
            return False
        what, pid, number = message.decode().split()
        name = int(pid), int(number)
        if what == "open":
            self._add(name, Voice(*descriptors))
        elif voice := self.voices.get(name):
            self._drain(voice)
            self._end(voice, is_asked=True)
        return True

    def _add(self, name: Name, voice: Voice) -> None:
        self.voices[name] = voice
        self.selector.register(voice.tail, selectors.EVENT_READ, name)

    def _read(self, name: Name) -> None:
        voice = self.voices[name]
        data = voice.read()
        if data:
            self._take_down(voice, data)
        elif data is not None:
            self._end(voice)
            self.selector.unregister(voice.tail)
            self.voices.pop(name).close()

    def _drain(self, voice: Voice) -> None:
        for _ in range(MOST_READS):
            if not (data := voice.read()):
                return
            self._take_down(voice, data)

    def _take_down(self, voice: Voice, data: bytes) -> None:
        assert voice.attempt  # noqa: S101 - it has just spoken
        page = self.pages.setdefault(voice.attempt, Page())
        page.output.feed(data, _now())
        self.said.set()

    def _end(self, voice: Voice, *, is_asked: bool = False) -> None:
        if voice.attempt is None:
            if is_asked:  # it said nothing after all
                voice.say_stored()
            return
        page = self.pages.setdefault(voice.attempt, Page())
        page.is_over, page.asked_by = True, voice if is_asked else None
        voice.attempt = None
        self.said.set()
        self.hurry.set()

    def _write_on(self) -> None:
        while True:
            self.said.wait()
            self.said.clear()
            if not self._write():
                self.said.set()
                time.sleep(1)
            self.hurry.wait(WRITE_SECONDS)
            self.hurry.clear()

    def _write(self) -> bool:
        """Everything that was said so far; False where Redis is away."""
        with self.writing:
            with self.reading:
                waiting = list(self.pages.items())
                for _, page in waiting:
                    page.collect()
            try:
                for attempt, page in waiting:
                    self._store(attempt, page)
            except STORE_ERRORS as error:
                logger.warning("logs of jobs wait for Redis: {}", error)
                self._forget_oldest()
                return False
            finally:
                self._answer(page for _, page in waiting)
            return True

    def _store(self, attempt: Attempt, page: Page) -> None:
        if page.unsent or page.left_out:
            for line in page.unsent:
                logger.debug("job {job_id} says: {}", line.text, job_id=attempt[0])
            self.leases.say(*attempt, list(page.unsent), page.left_out)
            page.unsent.clear()
            page.left_out = 0
        with self.reading:
            if page.is_complete and page.output.is_empty:
                self.pages.pop(attempt, None)

    def _answer(self, pages: Iterable[Page]) -> None:
        with self.reading:
            for page in pages:
                if page.is_complete and page.asked_by:
                    page.asked_by.say_stored()
                    page.asked_by = None

    def _forget_oldest(self) -> None:
        with self.reading:
            for attempt in list(self.pages)[:-MOST_PAGES]:
                del self.pages[attempt]


def _now() -> int:
    return time.time_ns() // 1_000_000


def _until_death(work: Callable[[], None]) -> None:
    with logger.catch(level="CRITICAL"):
        work()
    os._exit(1)  # callables whose output nobody reads would wait for ever
