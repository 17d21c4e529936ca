"""The examples of processes, each run in a child process: what becomes of that is told, and not suffered."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from ..errors import StartError
from ..processes.children import Child, Ended, child, command
from ..processes.complaints import FileComplaint
from ..processes.description import Process
from ..processes.document import Document, read_document
from ..processes.versions import base_id
from .example_trial import Finding

COMMAND = command("fastprocesses_server.authoring.example_trial")
SECONDS = 60
"""That an example may take where neither the file nor the command says more."""

START_SECONDS = 60


def run_examples(processes: Iterable[Process], folder: Path, seconds: float | None = None) -> Iterator[FileComplaint]:
    """What is wrong with them, at their places in the description files."""
    for process, findings_by_name in groupby(_all_findings(processes, folder, seconds), lambda found: found[0]):
        document = read_document(Path(process.source))
        for _, name, findings in findings_by_name:
            for one in findings:
                yield complaint(document, name, one)


def complaint(document: Document, example: str, finding: Finding) -> FileComplaint:
    where, what = ("examples", example, *finding.where), f'example "{example}": {finding.what}'
    return document.complaint(where, what, at_key=not finding.where, detail=finding.detail)


def _all_findings(
    processes: Iterable[Process], folder: Path, seconds: float | None
) -> Iterator[tuple[Process, str, list[Finding]]]:
    """A child that dies takes only the example in hand with it."""
    wanted = [(process, name) for process in processes for name in process.examples]
    while wanted:
        try:
            for findings in _findings(wanted.copy(), folder, seconds):
                yield (*wanted.pop(0), findings)
        except Ended as error:
            yield (*wanted.pop(0), [Finding((), str(error), error.output)])


def _findings(wanted: Sequence[tuple[Process, str]], folder: Path, seconds: float | None) -> Iterator[list[Finding]]:
    order = {
        "folder": str(folder.resolve()),
        "wanted": [
            {"process": _document(process), "examples": [name for _, name in examples]}
            for process, examples in groupby(wanted, lambda one: one[0])
        ],
    }
    with child(COMMAND, order, "the run") as trial:
        _await_ready(trial)
        for process, _ in wanted:
            limit = process.run.time_limit
            yield [_finding(one) for one in json.loads(trial.line(seconds or limit.hard or limit.soft or SECONDS))]


def _document(process: Process) -> dict[str, Any]:
    """As a file would say it, whose ids have no version."""
    return {**process.model_dump(mode="json", by_alias=True), "id": base_id(process.id)}


def _await_ready(trial: Child) -> None:
    """What happens before this is nothing that authors could mend."""
    try:
        trial.line(START_SECONDS)
    except Ended as error:
        raise StartError(f"{' '.join(COMMAND)}: no example can be run: {error}\n{error.output}") from None


def _finding(data: dict[str, Any]) -> Finding:
    return Finding(**{**data, "where": tuple(data["where"])})
