"""One supervised program: how it is started, what it says, how it ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast
from uuid import uuid4

from . import guard
from .console import Console

LONGEST_LINE = 1024 * 1024
POLL_SECONDS = 0.05
LAST_LINES_SECONDS = 2.0


@dataclass(frozen=True)
class Program:
    """What to start, and how it wants to end.

    `grace` is for how many seconds it may clean up after SIGTERM; without the program that it `needs` there is
    no grace. When that is over, or the supervisor is killed, it gets the `death_signal`.
    """

    name: str
    command: Sequence[str]
    grace: float
    level: int = 0
    """Programs of one level are stopped together, the highest level first."""
    needs: str | None = None
    death_signal: signal.Signals = signal.SIGKILL
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    is_revived: bool = False
    """Whether it is started again when it ends by itself, rather than all others stopped."""
    is_needed_to_start: bool = False
    """Whether that holds only once everything is up: what is wrong with the start is not to be tried again."""
    files: tuple[int, ...] = ()
    """File descriptors that it inherits."""


@dataclass(frozen=True)
class Running:
    """A program that was started; it may have ended since."""

    program: Program
    process: subprocess.Popen[bytes]
    family: guard.Family
    reader: threading.Thread
    started: float
    """On the monotonic clock."""

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def ending(self) -> str:
        return describe_ending(self.process.returncode)


def describe_ending(status: int) -> str:
    """The status as subprocess gives it: negative for a signal."""
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"


def helper(name: str) -> list[str]:
    """A command line for one of the small scripts beside this file, without anything of site-packages."""
    return [sys.executable, "-IS", str(Path(__file__).with_name(f"{name}.py"))]


def start(program: Program, console: Console) -> Running:
    """In a session of its own: Ctrl-C reaches the supervisor alone, and the family can be told by its session."""
    mark = uuid4().hex
    launch = [*helper("launch"), str(int(program.death_signal)), str(os.getpid())]
    process = subprocess.Popen(  # noqa: S603
        [*launch, *program.command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **program.environment, guard.MARK: mark},
        pass_fds=program.files,
        start_new_session=True,
    )
    reader = threading.Thread(target=_pass_on, args=(process.stdout, program.name, console), daemon=True)
    reader.start()
    with suppress(BrokenPipeError), cast("IO[bytes]", process.stdin) as stdin:
        stdin.write(program.stdin.encode())
    family = guard.Family(process.pid, int(program.death_signal), mark)
    return Running(program, process, family, reader, time.monotonic())


def stop(programs: Sequence[Running], impatient: Callable[[Program], bool]) -> None:
    """SIGTERM to each program itself, which knows best how to end its children; then the end of them all."""
    for running in programs:
        running.process.terminate()
    asked = time.monotonic()
    for running in programs:
        deadline = asked + running.program.grace
        while not (running.has_ended or impatient(running.program) or time.monotonic() > deadline):
            time.sleep(POLL_SECONDS)
        end(running)


def end(running: Running) -> None:
    """Ends what is left of it, at once, and waits for its last lines."""
    guard.end(running.family)
    with suppress(subprocess.TimeoutExpired):
        running.process.wait(guard.FAMILY_SECONDS)
    running.reader.join(LAST_LINES_SECONDS)


def _pass_on(stream: IO[bytes], name: str, console: Console) -> None:
    """A longer line comes out in pieces."""
    with stream:
        while line := stream.readline(LONGEST_LINE):
            console.say(name, line.decode(errors="replace").rstrip("\r\n"))
