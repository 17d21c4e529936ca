"""For the tests of those who write processes: run one as the server would, without a server.

The pytest plugin of this package collects `examples` as tests: `pytest --fastprocesses-examples=processes.d`.
"""

import atexit
import base64
import shutil
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from typing import Any

import orjson

from .authoring.assignments import read_content
from .authoring.trial import Trial, value_of
from .errors import InvalidRequest, NoSuchProcess, ProcessError
from .execution.media_type import Kind
from .execution.outputs import EncodedOutput, InvalidOutput, encode_json
from .processes.description import Process
from .processes.frames import from_the_author_on
from .processes.registry import Registry, load_registry
from .processes.suggestion import suggest
from .settings import Settings, load_settings

__all__ = ["InvalidOutput", "InvalidRequest", "NoSuchProcess", "ProcessError", "run_process"]


def run_process(
    process_id: str,
    inputs: Mapping[str, Any] | None = None,
    /,
    *,
    processes_dir: Path | str | None = None,
    **named: Any,
) -> dict[str, Any]:
    """Runs a process here and returns its outputs by name: JSON values and text, `bytes`, or the `Path` of a file.

    Inputs are what a client would send, given by name or as a mapping; `bytes` are sent as base64, a `Path` as what
    the file holds. Files of outputs are removed when Python ends. Processes are those of `processes_dir`, else of
    FP_PROCESSES_DIR, else of `processes.d`.

    Raises:
        NoSuchProcess: the folder has none of that id.
        InvalidRequest: the server would refuse the inputs; the text has every complaint with its JSON path.
        InvalidOutput: the description does not allow what the callable returned.
        DescriptionErrors: description files are wrong.
    What the callable raises comes as it is.
    """
    __tracebackhide__ = True  # pytest shows the lines of the test, and of the callable
    settings = load_settings(processes_dir=Path(processes_dir) if processes_dir else None)
    process = _process(process_id, settings)
    sent = {name: _as_sent(name, value, process) for name, value in {**(inputs or {}), **named}.items()}
    try:
        outputs = Trial(process, settings, _files() / token_hex(8)).run({"inputs": sent})
    except BaseException as error:
        error.__traceback__ = from_the_author_on(error.__traceback__)
        raise
    return {output.name: _value(output) for output in outputs}


def _process(process_id: str, settings: Settings) -> Process:
    __tracebackhide__ = True
    folder = settings.processes_dir.resolve()
    registry = _registry(folder, settings.allowed_modules, _state(folder))
    if process_id not in registry:
        raise NoSuchProcess(f"{folder} has no process {process_id!r}{suggest(process_id, registry.ids)}")
    return registry[process_id]


@lru_cache(maxsize=8)
def _registry(folder: Path, allowed_modules: tuple[str, ...], _state: object) -> Registry:
    """One inspection for all runs, until a file changes."""
    return load_registry(folder, allowed_modules=allowed_modules)


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    found = [(str(path), path.stat()) for path in sorted(folder.rglob("*")) if path.is_file()]
    return tuple((path, stat.st_mtime_ns, stat.st_size) for path, stat in found if "__pycache__" not in path)


@cache
def _files() -> Path:
    folder = Path(mkdtemp(prefix="fastprocesses-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _as_sent(name: str, value: Any, process: Process) -> Any:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case Path():
            schema = process.inputs[name].schema_ if name in process.inputs else {}
            return read_content(name, str(value), value.read_bytes(), schema)
        case list() | tuple():
            return [_as_sent(name, item, process) for item in value]
        case _:
            return orjson.loads(encode_json(value, name))


def _value(output: EncodedOutput) -> Any:
    is_file = isinstance(output.body, Path) and output.kind is not Kind.JSON
    return output.body if is_file else value_of(output)
