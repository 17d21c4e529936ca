"""Has callables inspected by child processes, and outlives whatever their modules do at import."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from ..errors import StartError
from .inspection import Failure, FailureKind, Found, Parameter, ParameterKind, Report, Wanted

COMMAND = [sys.executable, "-B", "-P", "-m", "fastprocesses_server.processes.inspection"]
LAST_SECONDS = 5
"""For a child that closed its files to end as well."""


class _Ended(Exception):
    """The child ended, or was ended, before it said what it saw."""


def inspect_callables(folder: Path, wanted: Sequence[Wanted], import_seconds: float = 60) -> list[Report]:
    """One report for each, in their order. A child that dies takes only the callable in hand with it."""
    reports: list[Report] = []
    while len(reports) < len(wanted):
        try:
            for report in _reports(folder, wanted[len(reports) :], import_seconds):
                reports.append(report)  # noqa: PERF402 - what came before the end of the child must be kept
        except _Ended as error:
            reports.append(Failure(FailureKind.ENDED, str(error)))
    return reports


def _reports(folder: Path, wanted: Sequence[Wanted], seconds: float) -> Iterator[Report]:
    with _child({"folder": str(folder.resolve()), "wanted": list(wanted)}) as (child, answers):
        lines = _lines(child, answers, seconds)
        _await_ready(lines)
        for _ in wanted:
            yield _report(json.loads(next(lines)))


def _await_ready(lines: Iterator[bytes]) -> None:
    """What happens before this is nothing that authors could mend."""
    try:
        next(lines)
    except _Ended as error:
        raise StartError(f"{' '.join(COMMAND)}: the inspection of callables does not start: {error}") from None


@contextmanager
def _child(order: dict[str, Any]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process group of its own, killed at the end with all that authors may have started in it."""
    answers, write_end = os.pipe()
    with TemporaryFile() as orders:
        orders.write(json.dumps(order).encode())
        orders.seek(0)
        child = subprocess.Popen(  # noqa: S603 - our own module
            COMMAND,
            stdin=orders,
            stdout=write_end,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)},
            start_new_session=True,
        )
    os.close(write_end)
    try:
        yield child, answers
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        os.close(answers)


def _lines(child: subprocess.Popen[bytes], answers: int, seconds: float) -> Iterator[bytes]:
    """Each within its time."""
    buffer = b""
    while True:
        while b"\n" not in buffer:
            if not select.select([answers], [], [], seconds)[0]:
                raise _Ended(f"the import takes longer than {seconds:g} s")
            if not (more := os.read(answers, 65536)):
                raise _Ended(_how_it_ended(child))
            buffer += more
        line, _, buffer = buffer.partition(b"\n")
        yield line


def _how_it_ended(child: subprocess.Popen[bytes]) -> str:
    try:
        status = child.wait(LAST_SECONDS)
    except subprocess.TimeoutExpired:
        return "the import closes the files of the process"
    if status >= 0:
        return f"the import ends the process with exit status {status}"
    return f"the import crashes the process ({signal.Signals(-status).name})"


def _report(data: dict[str, Any]) -> Report:
    if "kind" in data:
        return Failure(**{**data, "kind": FailureKind(data["kind"])})
    parameters = data["parameters"]
    if parameters is not None:
        parameters = tuple(Parameter(**{**p, "kind": ParameterKind(p["kind"])}) for p in parameters)
    return Found(**{**data, "parameters": parameters})
