"""Has callables inspected by child processes, and outlives whatever their modules do at import."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import StartError
from .children import Child, Ended, child, command
from .inspection import Failure, FailureKind, Found, Parameter, ParameterKind, Report, Wanted

COMMAND = command("fastprocesses_server.processes.inspection")
START_SECONDS = 60


def inspect_callables(folder: Path, wanted: Sequence[Wanted], import_seconds: float = 60) -> list[Report]:
    """One report for each, in their order. A child that dies takes only the callable in hand with it."""
    reports: list[Report] = []
    while len(reports) < len(wanted):
        try:
            for report in _reports(folder, wanted[len(reports) :], import_seconds):
                reports.append(report)  # noqa: PERF402 - what came before the end of the child must be kept
        except Ended as error:
            reports.append(Failure(FailureKind.ENDED, str(error)))
    return reports


def _reports(folder: Path, wanted: Sequence[Wanted], seconds: float) -> Iterator[Report]:
    with child(COMMAND, {"folder": str(folder.resolve()), "wanted": list(wanted)}, "the import") as inspection:
        _await_ready(inspection)
        for _ in wanted:
            yield _report(json.loads(inspection.line(seconds)))


def _await_ready(inspection: Child) -> None:
    """What happens before this is nothing that authors could mend."""
    try:
        inspection.line(START_SECONDS)
    except Ended as error:
        raise StartError(f"{' '.join(COMMAND)}: the inspection of callables does not start: {error}") from None


def _report(data: dict[str, Any]) -> Report:
    if "kind" in data:
        return Failure(**{**data, "kind": FailureKind(data["kind"])})
    parameters = data["parameters"]
    if parameters is not None:
        parameters = tuple(Parameter(**{**p, "kind": ParameterKind(p["kind"])}) for p in parameters)
    return Found(**{**data, "parameters": parameters})
