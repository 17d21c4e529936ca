"""The command `run`: one execution, here or on a server, its outputs printed or saved."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import InvalidRequest, StartError, UsageError
from ..execution.outputs import EncodedOutput
from ..processes.registry import load_registry
from ..processes.suggestion import suggest
from ..settings import Settings
from ..worker.failures import explained
from .assignments import published_shapes, read_assignments, shapes_of
from .progress_bar import progress_bar
from .remote import RemoteServer
from .showing import save, show
from .trial import Trial


def run_here(settings: Settings, process_id: str, assignments: Iterable[str], folder: Path | None) -> None:
    """Raises StartError with what is wrong with files, inputs or the run."""
    registry = load_registry(settings.processes_dir, allowed_modules=settings.allowed_modules)
    if process_id not in registry:
        raise UsageError(f"there is no process {process_id!r}{suggest(process_id, registry.ids)}")
    process = registry[process_id]
    with TemporaryDirectory(prefix="fastprocesses-") as workdir:
        try:
            request = {"inputs": read_assignments(assignments, shapes_of(process.inputs))}
            with progress_bar(process_id) as report:
                outputs = Trial(process, settings, Path(workdir), report).run(request)
        except (KeyboardInterrupt, UsageError):
            raise
        except InvalidRequest as error:
            raise StartError("\n".join(map(str, error.complaints))) from None
        except BaseException as error:  # noqa: BLE001 - the author's callable runs here, and may even exit
            raise StartError(_told(error)) from None
        _deliver(outputs, folder)


def _told(error: BaseException) -> str:
    """What clients would read, and before it what only the log would tell."""
    failed = explained(error)
    return f"{failed.cause}\nclients read: {failed}" if failed.cause else str(failed)


def run_there(url: str, process_id: str, assignments: Sequence[str], folder: Path | None) -> None:
    """Raises StartError with what the server says; Ctrl-C dismisses the job."""
    with RemoteServer(url) as server:
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
