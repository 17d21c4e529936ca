"""Child processes in which authors' code runs: each gets one order, answers in lines, and may die at any moment."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

LAST_SECONDS = 5
"""For a child that closed its files to end as well."""

LAST_LINES, LAST_BYTES = 20, 10_000
"""Of what a child has written to its standard error, for people."""


class Ended(Exception):
    """The child ended, or was ended, before it answered; `output` is the end of what it wrote."""

    def __init__(self, how: str, output: str = "") -> None:
        super().__init__(how)
        self.output = output


def command(module: str) -> list[str]:
    return [sys.executable, "-B", "-P", "-m", module]


class Child:
    """A child at work; `doing` names what it does, `the import` or `the run`."""

    def __init__(self, process: subprocess.Popen[bytes], answers: int, errors: int, doing: str) -> None:
        self.process = process
        self.doing = doing
        self._answers = answers
        self._open = [answers, errors]
        self._line = b""
        self._output = b""

    def line(self, seconds: float) -> bytes:
        """The next one.

        Raises:
            Ended: there will be none, or not within its time.
        """
        deadline = time.monotonic() + seconds
        while b"\n" not in self._line:
            how = "" if self._hear(deadline - time.monotonic()) else f"{self.doing} takes longer than {seconds:g} s"
            if how or self._answers not in self._open:
                self._hear_the_rest()
                raise Ended(how or self._how_it_ended(), self._last_lines())
        line, _, self._line = self._line.partition(b"\n")
        return line

    def _hear(self, seconds: float) -> bool:
        """Whether there was something in time: a piece of an answer, or of what authors write meanwhile."""
        ready = select.select(self._open, [], [], max(0, seconds))[0] if self._open else []
        for file in ready:
            piece = os.read(file, 65536)
            if not piece:
                self._open.remove(file)
            elif file == self._answers:
                self._line += piece
            else:
                self._output = (self._output + piece)[-LAST_BYTES:]
        return bool(ready)

    def _hear_the_rest(self) -> None:
        """Within bounds, as one that hangs may write for ever."""
        for _ in range(100):
            if not self._hear(0):
                break

    def _last_lines(self) -> str:
        return "\n".join(self._output.decode(errors="replace").splitlines()[-LAST_LINES:])

    def _how_it_ended(self) -> str:
        try:
            status = self.process.wait(LAST_SECONDS)
        except subprocess.TimeoutExpired:
            return f"{self.doing} closes the files of the process"
        if status >= 0:
            return f"{self.doing} ends the process with exit status {status}"
        return f"{self.doing} crashes the process ({signal.Signals(-status).name})"


@contextmanager
def child(command: list[str], order: dict[str, Any], doing: str) -> Iterator[Child]:
    """A process group of its own, killed at the end with all that authors may have started in it."""
    (answers, answers_end), (errors, errors_end) = os.pipe(), os.pipe()
    with TemporaryFile() as orders:
        orders.write(json.dumps(order).encode())
        orders.seek(0)
        process = subprocess.Popen(  # noqa: S603 - a module of ours
            command,
            stdin=orders,
            stdout=answers_end,
            stderr=errors_end,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)},
            start_new_session=True,
        )
    os.close(answers_end)
    os.close(errors_end)
    try:
        yield Child(process, answers, errors, doing)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(answers)
        os.close(errors)
