"""The command `run`: one execution, here or on a server, its outputs printed or saved."""

import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import InvalidRequest, StartError, UsageError
from ..execution.outputs import EncodedOutput
from ..processes.registry import load_registry
from ..processes.suggestion import suggest
from ..settings import Settings
from ..worker.failures import explained
from ..worker.runner import SOFT_LIMIT
from .assignments import published_shapes, read_assignments, shapes_of
from .limits import Tell, keep_limits
from .progress_bar import progress_bar
from .remote import RemoteServer, read_headers
from .showing import save, show
from .trial import Report, Trial


def run_here(settings: Settings, process_id: str, assignments: Iterable[str], folder: Path | None) -> None:
    """The description file's limits of time and memory hold.

    Raises StartError with what is wrong with files, inputs or the run.
    """
    registry = load_registry(settings.processes_dir, allowed_modules=settings.allowed_modules)
    if process_id not in registry:
        raise UsageError(f"there is no process {process_id!r}{suggest(process_id, registry.ids)}")
    process = registry[process_id]
    with TemporaryDirectory(prefix="fastprocesses-") as workdir:
        tell = keep_limits(process, settings)
        try:
            request = {"inputs": read_assignments(assignments, shapes_of(process.inputs))}
            with progress_bar(process_id) as report:
                outputs = _run(Trial(process, settings, Path(workdir), _both(tell, report)), request)
        except (KeyboardInterrupt, UsageError):
            raise
        except InvalidRequest as error:
            raise StartError("\n".join(map(str, error.complaints))) from None
        except BaseException as error:  # noqa: BLE001 - the author's callable runs here, and may even exit
            raise StartError(_told(error)) from None
        _deliver(outputs, folder)


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
    with RemoteServer(url, read_headers(headers)) as server:
        inputs = read_assignments(assignments, published_shapes(server.description(process_id)))
        with progress_bar(process_id) as report:
            outputs = server.run(process_id, inputs, report)
        _deliver(outputs, folder)


def _deliver(outputs: Sequence[EncodedOutput], folder: Path | None) -> None:
    if folder:
        print(*save(outputs, folder), sep="\n")  # noqa: T201 - the command's answer
    else:
        for line in show(outputs, sys.stdout.buffer, is_terminal=sys.stdout.isatty()):
            print(line, file=sys.stderr)  # noqa: T201 - the command's voice
