"""Entries of a private folder, files of JSON, each worth something as long as its trace is true.

Whatever is wrong with an entry or with the folder, there is none.
"""

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from .trace import Trace

MOST_ENTRIES, MOST_BYTES = 256, 64 << 20
"""Of all entries; the oldest go first."""


class Entry(NamedTuple):
    data: dict[str, Any]
    trace: Trace


class Entries:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, key: str, bases: Mapping[str, Path]) -> Entry | None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            if _is_private(self.folder):
                told = _read(self._path(key))
                trace = Trace.from_data(told["trace"])
                return Entry(told["data"], trace) if told["key"] == key and trace.is_true(bases) else None
        return None

    def keep(self, key: str, entry: Entry) -> None:
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_private(self.folder):
                _write(self._path(key), {"key": key, "trace": entry.trace.data(), "data": entry.data})
                _prune(self.folder)

    def forget(self) -> None:
        """All of them."""
        with suppress(OSError):
            if _is_private(self.folder):
                for _, path in _by_age(self.folder):
                    path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


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


def _write(path: Path, told: Any) -> None:
    """At once, for whoever reads meanwhile."""
    data = json.dumps(told).encode()
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".json")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_checksum(data) + b"\n" + data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _prune(folder: Path) -> None:
    size = 0
    for place, (status, path) in enumerate(_by_age(folder)):
        size += status.st_size
        if place >= MOST_ENTRIES or size > MOST_BYTES:
            path.unlink(missing_ok=True)


def _by_age(folder: Path) -> Sequence[tuple[os.stat_result, Path]]:
    """Newest first; another process may remove some meanwhile."""
    found = []
    for path in folder.glob("*.json"):
        with suppress(FileNotFoundError):
            found.append((path.lstat(), path))
    return sorted(found, key=lambda one: one[0].st_mtime_ns, reverse=True)
