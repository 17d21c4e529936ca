"""What earlier inspections saw, in a private folder: a file of JSON for each content of a processes folder.

An entry is worth nothing once anything is different that the imports read. Its name covers the modules of the
processes folder by their content, the names of all modules that could be imported instead, Python and this package;
inside it stands the trace of the imports. Whatever is wrong with an entry or with the folder, nothing is remembered.
"""

import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import all_suffixes
from pathlib import Path
from typing import Any, NamedTuple

from .trace import Trace, is_standard

SUFFIXES = tuple(all_suffixes())
NAMED = (*SUFFIXES, ".pth", ".dist-info", ".egg-info")
"""What in a folder of the path decides which modules there are, beside packages."""

MOST_ENTRIES, MOST_BYTES = 256, 64 << 20
"""Of all entries; the oldest go first."""


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
        self.folder = folder

    def find(self, content: Content) -> Remembered | None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            if _is_private(self.folder):
                data = _read(self._path(content))
                found = Remembered(data["reports"], Trace.from_data(data["trace"]))
                return found if data["key"] == content.key and found.trace.is_true(content.bases) else None
        return None

    def keep(self, content: Content, seen: Remembered) -> None:
        """Without reports that would not be true of a copy of the folder elsewhere."""
        place = json.dumps(str(content.folder))[1:-1]
        reports = {wanted: report for wanted, report in seen.reports.items() if place not in json.dumps(report)}
        entry = {"key": content.key, "trace": seen.trace.data(), "reports": reports}
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if reports and _is_private(self.folder):
                _write(self._path(content), entry)
                _prune(self.folder)

    def forget(self) -> None:
        """All entries."""
        with suppress(OSError):
            if _is_private(self.folder):
                for _, path in _entries(self.folder):
                    path.unlink(missing_ok=True)

    def _path(self, content: Content) -> Path:
        return self.folder / f"{content.key}.json"


def _is_private(folder: Path) -> bool:
    """Who can write there can have the server publish what he likes."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _read(path: Path) -> Any:
    """Raises ValueError where the file is not as it was written."""
    told, _, data = path.read_bytes().partition(b"\n")
    if told != _checksum(data):
        raise ValueError(path)
    return json.loads(data)


def _checksum(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _write(path: Path, entry: Any) -> None:
    """At once, for whoever reads meanwhile."""
    data = json.dumps(entry).encode()
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".json")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_checksum(data) + b"\n" + data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _entries(folder: Path) -> Sequence[tuple[os.stat_result, Path]]:
    """Newest first; another process may remove some meanwhile."""
    found = []
    for path in folder.glob("*.json"):
        with suppress(FileNotFoundError):
            found.append((path.lstat(), path))
    return sorted(found, key=lambda one: one[0].st_mtime_ns, reverse=True)


def _prune(folder: Path) -> None:
    size = 0
    for place, (status, path) in enumerate(_entries(folder)):
        size += status.st_size
        if place >= MOST_ENTRIES or size > MOST_BYTES:
            path.unlink(missing_ok=True)


def _own_code() -> str:
    """By content: an editable installation changes without its version."""
    package = Path(__file__).parent
    return _hash_of(package, sorted(package.rglob("*.py")))


def _modules(folder: Path) -> str:
    """Of the processes folder, by path and content."""
    return _hash_of(folder, _module_files(folder))


def _hash_of(folder: Path, files: Iterable[Path]) -> str:
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
