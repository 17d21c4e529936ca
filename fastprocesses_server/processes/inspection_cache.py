"""What earlier inspections saw, an entry for each content of a processes folder.

The key covers the modules of the folder by their content, the names of all modules that could be imported instead,
Python and this package; for what else the imports read there is their trace.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import all_suffixes
from pathlib import Path
from typing import Any, NamedTuple

from .entries import Entries, Entry
from .trace import Trace, is_standard

SUFFIXES = tuple(all_suffixes())
NAMED = (*SUFFIXES, ".pth", ".dist-info", ".egg-info")
"""What in a folder of the path decides which modules there are, beside packages."""


class Content(NamedTuple):
    """What an entry is for; `bases` are the folders that paths in it are relative to."""

    key: str
    folder: Path
    bases: Mapping[str, Path]

    @classmethod
    def of(cls, folder: Path) -> "Content":
        folder = folder.resolve()
        path = [entry for entry in dict.fromkeys(Path(entry).absolute() for entry in sys.path) if entry != folder]
        others = [entry for entry in path if not is_standard(f"{entry}{os.sep}")]
        names = [(entry, found) for entry in others if (found := _names(entry))]
        told = [sys.version, _own_code(), _modules(folder), [found for _, found in names]]
        bases = {f"path {place}": entry for place, (entry, _) in enumerate(names)}
        key = hashlib.sha256(json.dumps(told).encode()).hexdigest()
        return cls(key, folder, {**bases, "working directory": Path.cwd(), "processes": folder})


@dataclass(frozen=True, slots=True)
class Remembered:
    """Reports as data, by what was wanted, and the trace of the imports that led to them."""

    reports: Mapping[str, dict[str, Any]]
    trace: Trace

    def with_(self, other: "Remembered") -> "Remembered":
        return Remembered({**self.reports, **other.reports}, self.trace.with_(other.trace))


class InspectionCache:
    def __init__(self, folder: Path) -> None:
        self._entries = Entries(folder)

    def find(self, content: Content) -> Remembered | None:
        entry = self._entries.find(content.key, content.bases)
        return entry and Remembered(entry.data, entry.trace)

    def keep(self, content: Content, seen: Remembered) -> None:
        """Without reports that would not be true of a copy of the folder elsewhere."""
        place = json.dumps(str(content.folder))[1:-1]
        reports = {wanted: report for wanted, report in seen.reports.items() if place not in json.dumps(report)}
        if reports:
            self._entries.keep(content.key, Entry(reports, seen.trace))


def _own_code() -> str:
    """By content: an editable installation changes without its version."""
    package = Path(__file__).parent
    files = (path for path in package.rglob("*") if path.suffix != ".pyc" and path.is_file())
    return hash_of(package, sorted(files))


def _modules(folder: Path) -> str:
    """Of the processes folder, by path and content."""
    return hash_of(folder, _module_files(folder))


def hash_of(folder: Path, files: Iterable[Path]) -> str:
    told = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        told.update(f"{file.relative_to(folder)}\0{content}\0".encode())
    return told.hexdigest()


def _module_files(folder: Path) -> Iterator[Path]:
    for above, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name.isidentifier() and name != "__pycache__")
        yield from (Path(above) / name for name in sorted(files) if name.endswith(SUFFIXES))


def _names(entry: Path) -> list[str]:
    """What can be imported from a folder of the path, and what is installed there."""
    try:
        with os.scandir(entry) as found:
            return sorted(one.name for one in found if one.name.endswith(NAMED) or _is_package(one))
    except OSError:
        return []


def _is_package(entry: "os.DirEntry[str]") -> bool:
    return entry.name.isidentifier() and entry.is_dir() and os.path.exists(f"{entry.path}/__init__.py")  # noqa: PTH110
