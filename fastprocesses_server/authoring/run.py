"""The command `run`: one execution, here or on a server, its outputs printed or saved."""

import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from ..errors import InvalidRequest, StartError, UsageError
from ..execution.outputs import EncodedOutput
from ..processes.answers import open_answers
from ..processes.description import Process
from ..processes.registry import load_registry
from ..settings import Settings
from ..worker.failures import explained
from ..worker.runner import SOFT_LIMIT
from .assignments import published_shapes, read_assignments, shapes_of
from .effective import missing
from .limits import Tell, keep_limits
from .progress_bar import progress_bar
from .remote import RemoteServer, read_headers
from .showing import ready_folder, save, show
from .trial import Report, Trial


def run_here(settings: Settings, process_id: str, assignments: Iterable[str], folder: Path | None) -> None:
    """The description file's limits of time and memory hold; what the callable prints is no output of the process.

    Raises StartError with what is wrong with files, inputs or the run.
    """
    registry = load_registry(
        settings.processes_dir, allowed_modules=settings.allowed_modules, cache=settings.inspection_cache_folder
    )
    if process_id not in registry:
        raise missing(settings.processes_dir, process_id, registry.ids)
    process = registry[process_id]
    if folder:
        ready_folder(folder)
    with TemporaryDirectory(prefix="fastprocesses-") as workdir:
        tell = keep_limits(process, settings)
        with open_answers() as answers:
            _deliver(_outputs(process, settings, assignments, Path(workdir), tell), folder, answers)


def _outputs(
    process: Process, settings: Settings, assignments: Iterable[str], workdir: Path, tell: Tell
) -> list[EncodedOutput]:
    try:
        request = {"inputs": read_assignments(assignments, shapes_of(process.inputs))}
        with progress_bar(process.id) as report:
            return _run(Trial(process, settings, workdir, _both(tell, report)), request)
    except (KeyboardInterrupt, UsageError):
        raise
    except InvalidRequest as error:
        raise StartError("\n".join(map(str, error.complaints))) from None
    except BaseException as error:  # noqa: BLE001 - the author's callable runs here, and may even exit
        raise StartError(_told(error)) from None


def _both(tell: Tell, report: Report) -> Report:
    def both(percent: float, message: str) -> None:
        tell(percent)
        report(percent, message)

    return both


def _run(trial: Trial, request: Mapping[str, Any]) -> list[EncodedOutput]:
    signal.signal(SOFT_LIMIT, trial.end_softly)
    try:
        return trial.run(request)
    finally:
        signal.signal(SOFT_LIMIT, signal.SIG_IGN)


def _told(error: BaseException) -> str:
    """What clients would read, and before it what only the log would tell."""
    failed = explained(error)
    return f"{failed.cause}\nclients read: {failed}" if failed.cause else str(failed)


def run_there(
    url: str, process_id: str, assignments: Sequence[str], folder: Path | None, headers: Iterable[str] = ()
) -> None:
    """Raises StartError with what the server says; Ctrl-C dismisses the job."""
    if folder:
        ready_folder(folder)
    with RemoteServer(url, read_headers(headers)) as server:
        inputs = read_assignments(assignments, published_shapes(server.description(process_id)))
        with progress_bar(process_id) as report:
            outputs = server.run(process_id, inputs, report)
        _deliver(outputs, folder, sys.stdout)


def _deliver(outputs: Sequence[EncodedOutput], folder: Path | None, stream: TextIO) -> None:
    if folder:
        print(*save(outputs, folder), sep="\n", file=stream, flush=True)
    else:
        for line in show(outputs, stream.buffer, is_terminal=stream.isatty()):
            print(line, file=sys.stderr)  # noqa: T201 - the command's voice
