"""Several programs that live and die together."""

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import IO, Self, cast

from .console import Console
from .interrupts import Interrupts
from .program import POLL_SECONDS, Program, Running, describe_ending, helper, start, stop

NAME = "dev"


class StopAsked(Exception):
    """A signal asked for the end."""


class ProgramEnded(Exception):
    """A program ended that nobody had stopped."""


class Supervisor:
    """A context manager: on leaving, whatever was started is stopped, the last first.

    Should this process be killed, its guard does so: a process that reads a pipe until it is closed.
    """

    def __init__(self, console: Console, interrupts: Interrupts, lock: int) -> None:
        self._console = console
        self._interrupts = interrupts
        self._lock = lock
        self._running: list[Running] = []

    def __enter__(self) -> Self:
        self._guard = subprocess.Popen(  # noqa: S603
            helper("guard"),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(self._lock,),  # while it cleans up, no other instance is to start
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        for running in reversed(self._running):
            stop(running, partial(self._is_impatient_with, running.program))
            self._tell_guard("-", running)
        cast("IO[bytes]", self._guard.stdin).close()
        self._guard.wait()

    def start(self, program: Program) -> None:
        running = start(program, self._console)
        self._running.append(running)
        self._tell_guard("+", running)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Raises StopAsked or ProgramEnded, whatever comes first, and has said so by then."""
        while not condition():
            if self._interrupts.stop:
                self._console.say(NAME, "stopping; Ctrl-C once more skips the wait")
                raise StopAsked
            if ending := self._first_ending():
                self._console.say(NAME, f"{ending}; stopping the rest")
                raise ProgramEnded(ending)
            time.sleep(POLL_SECONDS)

    def _first_ending(self) -> str | None:
        for running in self._running:
            if running.has_ended:
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
