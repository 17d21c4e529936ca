"""Several programs that live and die together."""

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import IO, Self, cast

from .console import Console
from .interrupts import Interrupts
from .program import POLL_SECONDS, Program, Running, describe_ending, end, helper, start, stop
from .revival import Revival


class StopAsked(Exception):
    """A signal asked for the end."""


class ProgramEnded(Exception):
    """A program ended that nobody had stopped."""


class Supervisor:
    """A context manager: on leaving, whatever was started is stopped, the highest level first.

    Should this process be killed, its guard does so: a process that reads a pipe until it is closed.
    """

    def __init__(self, console: Console, interrupts: Interrupts, lock: int | None = None) -> None:
        self._console = console
        self._interrupts = interrupts
        self._lock = lock
        self._running: list[Running] = []
        self._revivals: dict[str, Revival] = {}
        self._ended: list[Program] = []
        """Those that wait to be started again."""
        self.is_up = False
        """Whether everything was ready once, by whoever waits for that."""

    def __enter__(self) -> Self:
        self._guard = subprocess.Popen(  # noqa: S603
            helper("guard"),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=() if self._lock is None else (self._lock,),  # while it cleans up, no other instance is to start
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        for _level, together in groupby(sorted(self._running, key=_downwards), _downwards):
            self._stop(list(together))
        cast("IO[bytes]", self._guard.stdin).close()
        self._guard.wait()

    def start(self, program: Program) -> None:
        running = start(program, self._console)
        self._running.append(running)
        self._tell_guard("+", running)

    def _stop(self, programs: Sequence[Running]) -> None:
        stop(programs, self._is_impatient_with)
        for running in programs:
            self._tell_guard("-", running)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Raises StopAsked or ProgramEnded, whatever comes first, and has said so by then."""
        while not condition():
            if self._interrupts.stop:
                self._console.announce("stopping; Ctrl-C once more skips the wait")
                raise StopAsked
            self._revive()
            if ending := self._first_ending():
                self._console.announce(f"{ending}; stopping the rest")
                raise ProgramEnded(ending)
            time.sleep(POLL_SECONDS)

    def _revive(self) -> None:
        """Programs that may end by themselves are started again, after pauses that grow."""
        now = time.monotonic()
        for running in [one for one in self._running if self._is_revived(one.program) and one.has_ended]:
            end(running)  # jobs may have left processes behind
            self._tell_guard("-", running)
            self._running.remove(running)
            self._ended.append(running.program)
            self._note_end(running, now)
        for program in [one for one in self._ended if self._revivals[one.name].due <= now]:
            self._ended.remove(program)
            self.start(program)

    def _note_end(self, running: Running, now: float) -> None:
        name = running.program.name
        revival = self._revivals[name] = self._revivals.get(name, Revival()).after(running.started, now)
        self._console.announce(f"{name} {running.ending}; it is started again in {revival.due - now:g} s")
        if revival.is_alarming:
            since = time.strftime("%H:%M:%S", time.localtime(time.time() - (now - revival.since)))
            self._console.alarm(
                f"{name} ended {revival.ends} times in a row since {since}, each time soon after its start; the last "
                f"time it {running.ending}. Jobs wait while no worker runs. Look at its lines above, and run "
                "`fastprocesses-server check`"
            )

    def _is_revived(self, program: Program) -> bool:
        return program.is_revived and (self.is_up or not program.is_needed_to_start)

    def _first_ending(self) -> str | None:
        for running in self._running:
            if running.has_ended and not self._is_revived(running.program):
                return f"{running.program.name} {running.ending}"
        status = self._guard.poll()
        return None if status is None else f"the guard process {describe_ending(status)}"

    def _is_impatient_with(self, program: Program) -> bool:
        needed = [running for running in self._running if running.program.name == program.needs]
        return self._interrupts.hurry or any(running.has_ended for running in needed)

    def _tell_guard(self, sign: str, running: Running) -> None:
        leader, death_signal, mark = running.family
        with suppress(BrokenPipeError):
            cast("IO[bytes]", self._guard.stdin).write(f"{sign} {leader} {death_signal} {mark}\n".encode())


def _downwards(running: Running) -> int:
    return -running.program.level
