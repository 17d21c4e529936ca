"""A new description file for a callable."""

from pathlib import Path

from ..errors import StartError
from ..processes.complaints import shown
from ..processes.description_file import module_of
from ..processes.inspection import Failure, Found, Wanted
from ..processes.inspector import inspect_callables
from ..processes.merging import failure_words
from ..processes.signature import uncallable
from .sketch import Sketch, sketch

SCHEMA_FILE = ".description-file.schema.json"
"""Beside the description files, where `init` has put it."""


def new_file(dotted: str, folder: Path, schema_url: str) -> Sketch:
    """Raises StartError where there is nothing to describe; the callable is looked at by a child process."""
    if module_of(dotted) is None:
        raise StartError(f"{dotted} is no dotted path to a callable: write module.function, or module:function")
    found = _found(dotted, folder)
    link = f"./{SCHEMA_FILE}" if (folder / SCHEMA_FILE).is_file() else schema_url
    return sketch(dotted, found, process_id(dotted), link)


def process_id(dotted: str) -> str:
    """What comes last in the path; a file whose name begins with `_` would not be read."""
    return dotted.replace(":", ".").rpartition(".")[2].lstrip("_")


def _found(dotted: str, folder: Path) -> Found:
    (report,) = inspect_callables(folder, [Wanted(dotted)])
    if isinstance(report, Failure):
        what, hint, detail = failure_words(dotted, report, folder)
        meant = [f'  did you mean "{hint}"?'] if hint else []
        raise StartError("\n".join([f"{dotted}: {what}", *meant, *(f"  | {line}" for line in detail.splitlines())]))
    if why := uncallable(report):
        raise StartError(f"{dotted}: {why}")
    return report


def write_new(path: Path, text: str) -> None:
    """Raises StartError where the file is there already, or cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise StartError(f"{shown(path)} is there already, and stays as it is; --output names another file") from None
    except OSError as error:
        raise StartError(f"{shown(path)} cannot be written: {error.strerror}") from None
