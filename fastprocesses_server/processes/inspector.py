"""Has callables inspected by child processes, and outlives whatever their modules do at import."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import StartError
from .children import Child, Ended, child, command
from .inspection_cache import Content, InspectionCache, Remembered
from .reports import Failure, FailureKind, Found, Parameter, ParameterKind, Report, Wanted
from .trace import Trace

COMMAND = command("fastprocesses_server.processes.inspection")
START_SECONDS = 60


def inspect_callables(
    folder: Path, wanted: Sequence[Wanted], import_seconds: float = 60, cache: Path | None = None
) -> list[Report]:
    """One report for each, in their order; with a cache, only what is not in there is imported."""
    if not wanted:
        return []
    if cache is None:
        return [_report(data) for data in _inspected(folder, wanted, import_seconds)[0]]
    entries, content = InspectionCache(cache), Content.of(folder)
    remembered = entries.find(content)
    known = remembered.reports if remembered else {}
    ahead = [one for one in wanted if one.name not in known]
    began = time.time_ns()
    reports, notes = _inspected(folder, ahead, import_seconds)
    seen = {one.name: report for one, report in zip(ahead, reports, strict=True)}
    if ahead and notes and (trace := Trace.of(notes, content.bases, began)) and Content.of(folder) == content:
        clean = Remembered({name: report for name, report in seen.items() if _is_clean(report)}, trace)
        entries.keep(content, remembered.with_(clean) if remembered else clean)
    return [_report(known[one.name] if one.name in known else seen[one.name]) for one in wanted]


def _is_clean(report: Mapping[str, Any]) -> bool:
    return "kind" not in report and not report["wrong_exceptions"]


def _inspected(
    folder: Path, wanted: Sequence[Wanted], seconds: float
) -> tuple[list[dict[str, Any]], Mapping[str, list[str]] | None]:
    """A report as data for each, and what one child read for all; a child that dies takes only the callable in hand."""
    reports: list[dict[str, Any]] = []
    notes = None
    while len(reports) < len(wanted):
        is_first = not reports
        try:
            for line in _lines(folder, wanted[len(reports) :], seconds):
                if len(reports) < len(wanted):
                    reports.append(line)
                elif is_first:
                    notes = line
        except Ended as error:
            if len(reports) < len(wanted):
                reports.append({"kind": FailureKind.ENDED, "what": str(error)})
    return reports, notes


def _lines(folder: Path, wanted: Sequence[Wanted], seconds: float) -> Iterator[dict[str, Any]]:
    with child(COMMAND, {"folder": str(folder.resolve()), "wanted": list(wanted)}, "the import") as inspection:
        _await_ready(inspection)
        for _ in range(len(wanted) + 1):
            yield json.loads(inspection.line(seconds))


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
