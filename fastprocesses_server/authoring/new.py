"""A new description file for a callable."""

import re
from pathlib import Path
from unicodedata import normalize

from ..errors import StartError
from ..processes.complaints import shown
from ..processes.description import PROCESS_ID
from ..processes.description_file import id_of, module_of
from ..processes.inspector import inspect_callables
from ..processes.merging import failure_words
from ..processes.reports import Failure, Found, Wanted
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
    """What comes last in the path, in the letters that ids have; empty where nothing is left of it."""
    name = dotted.replace(":", ".").rpartition(".")[2]
    return "".join(map(_plain, name)).lstrip("_")


def _plain(letter: str) -> str:
    return letter if letter.isascii() else normalize("NFKD", letter.casefold()).encode("ascii", "ignore").decode()


def new_path(dotted: str, folder: Path, output: Path | None) -> Path:
    """Where the file is to be written. Raises StartError where its name is one that would not be read."""
    if output is None:
        if not (name := process_id(dotted)):
            raise StartError(f"{dotted}: its name is no id of a process; --output names the file")
        return folder / f"{name}.yaml"
    if output != Path("-") and not re.fullmatch(PROCESS_ID, id_of(output)):
        raise StartError(f"{shown(output)}: the file's name is no id; use letters, digits and . _ -")
    if output.name.startswith(("_", ".")):
        raise StartError(f"{shown(output)}: files whose names begin with _ or . are not read")
    return output


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
