"""The child process that runs examples of processes and says of each what is wrong with it.

Reads the order as JSON from standard input; writes that it is ready, and one line of JSON for each example: a list of
findings, empty where the outputs are those that the example names.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import InvalidRequest
from ..json_path import steps_of
from ..processes.answers import open_answers
from ..processes.description import Process
from ..processes.positions import Where
from ..settings import Settings, load_settings
from ..worker.failures import explained
from .comparison import differences
from .trial import Trial, value_of

READY = "ready"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an example; `where` is a place in it."""

    where: Where
    what: str
    detail: str = ""


def main() -> None:
    answers = open_answers()
    print(READY, file=answers, flush=True)
    order = json.load(sys.stdin)
    settings = load_settings(processes_dir=Path(order["folder"]))
    for wanted in order["wanted"]:
        process = Process.model_validate(wanted["process"])
        for name in wanted["examples"]:
            findings = [asdict(finding) for finding in examine(process, name, settings)]
            print(json.dumps(findings), file=answers, flush=True)
    os._exit(0)  # threads that authors left behind would keep the process


def examine(process: Process, name: str, settings: Settings) -> list[Finding]:
    with TemporaryDirectory(prefix="fastprocesses-", ignore_cleanup_errors=True) as workdir:
        trial = Trial(process, settings, Path(workdir))
        try:
            return list(differing(trial, name))
        except InvalidRequest as error:
            return [Finding(steps_of(complaint.path), str(complaint)) for complaint in error.complaints]
        except BaseException as error:  # noqa: BLE001 - the author's callable runs here, and may even exit
            return [_failed(error)]


def differing(trial: Trial, name: str) -> Iterator[Finding]:
    """Outputs that are not those of the example. Raises what the trial raises."""
    example = trial.process.examples[name]
    outputs = {output.name: value_of(output) for output in trial.run({"inputs": example.inputs})}
    for difference in differences(example.outputs, outputs):
        yield Finding(("outputs", *difference.where), str(difference))


def _failed(error: BaseException) -> Finding:
    failed = explained(error)
    if not failed.cause:
        return Finding((), str(failed))
    *frames, last = failed.cause.splitlines()
    first_line = f"{type(error).__name__}: {error}".splitlines()[0] if frames else last
    return Finding((), first_line, failed.cause if frames else "")


if __name__ == "__main__":
    main()
