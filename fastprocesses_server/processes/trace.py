"""What an import read: files and environment variables, as the child process that imports notes them."""

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

STANDARD = f"{sysconfig.get_path('stdlib')}{os.sep}"
INSTALLED = tuple({f"{sysconfig.get_path(name)}{os.sep}" for name in ("purelib", "platlib")})
KERNEL = ("/dev/", "/proc/", "/sys/")

LARGEST = 1 << 20
"""Bytes of a file that is compared by its content where its time has changed."""

CLOCK_TICK_NS = 20_000_000
"""How far the times of files may lag behind the clock."""

ALL = "*"
"""In place of names: somebody went through all variables."""

OURS = ("FASTPROCESSES_", "FP_", "PYTHON", "PYTEST_")
"""What variables begin with that tell one program of a server from another; whoever goes through all wants others."""


class Environment(type(os.environ)):  # type: ignore[misc] # os says its name to nobody
    """Takes the place of `os.environ` and notes which variables are read."""

    read: set[str]

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        value: str = super().__getitem__(name)
        return value

    def __iter__(self) -> Iterator[str]:
        self.read.add(ALL)
        return iter(super().__iter__())


class Notes:
    """Of what this process reads from now on."""

    def __init__(self) -> None:
        self._opened: set[str] = set()
        self._variables: set[str] = set()
        self._before = set(sys.modules)

    def begin(self) -> None:
        Environment.read = self._variables
        os.environ.__class__ = Environment  # a copy would not be what others hold already
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            is_read = not set(mode) & set("wax+") if mode else flags & os.O_ACCMODE == os.O_RDONLY
            if is_read and isinstance(path, (str, bytes)):
                self._opened.add(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 - a Path costs more, at every open

    def data(self) -> dict[str, list[str]]:
        """`files`, which need not be there any more, and `variables`, by name."""
        variables = [ALL] if ALL in self._variables else sorted(self._variables)
        loaded = [
            getattr(module, "__file__", None) for name, module in [*sys.modules.items()] if name not in self._before
        ]
        files = {*self._opened, *(file for file in loaded if isinstance(file, str))}
        return {"files": sorted(filter(_counts, files)), "variables": variables}


def _counts(file: str) -> bool:
    """Of the standard library, the version of Python tells; of bytecode, the source."""
    return not (is_standard(file) or file.startswith(KERNEL) or file.endswith(".pyc"))


def is_standard(path: str) -> bool:
    """Whether it lies in the standard library, below which packages may be installed."""
    return path.startswith(STANDARD) and not path.startswith(INSTALLED)


class Seen(NamedTuple):
    """A file as it was: `size` is -1 where there was none, `content` empty where it is too large."""

    base: str
    """Name of the folder that `path` is relative to; empty for an absolute path."""
    path: str
    size: int
    modified_ns: int
    content: str


@dataclass(frozen=True, slots=True)
class Trace:
    """What was read. It holds no path of the folders in `bases`, so that it is true of copies of them as well."""

    files: tuple[Seen, ...]
    variables: tuple[str, ...]
    environment: str
    """SHA-256 of the values of those variables."""

    @classmethod
    def of(cls, notes: Mapping[str, Iterable[str]], bases: Mapping[str, Path], began_ns: int) -> Self | None:
        """None where a file was changed since, so that nobody knows what was read."""
        files = tuple(_seen(file, bases) for file in notes["files"])
        if any(file.modified_ns > began_ns - CLOCK_TICK_NS for file in files):
            return None
        variables = tuple(notes["variables"])
        return cls(files, variables, digest_of(variables))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(tuple(Seen(*file) for file in data["files"]), tuple(data["variables"]), data["environment"])

    def data(self) -> dict[str, Any]:
        return asdict(self)

    def is_true(self, bases: Mapping[str, Path]) -> bool:
        """Whether all of it would be read again."""
        return digest_of(self.variables) == self.environment and all(_is_as(file, bases) for file in self.files)

    def with_(self, other: "Trace") -> "Trace":
        variables = tuple(sorted({*self.variables, *other.variables}))
        return Trace(tuple(sorted({*self.files, *other.files})), variables, digest_of(variables))


def digest_of(variables: Iterable[str]) -> str:
    """Of their values now."""
    names = set(variables)
    if ALL in names:
        names |= {name for name in os.environ if not name.startswith(OURS)}
    values = [(name, os.environ.get(name)) for name in sorted(names)]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _seen(file: str, bases: Mapping[str, Path]) -> Seen:
    path = Path(file)
    inner = max(
        (n for n, base in bases.items() if path.is_relative_to(base)), key=lambda n: len(str(bases[n])), default=""
    )
    relative = str(path.relative_to(bases[inner])) if inner else file
    try:
        status = path.stat()
        return Seen(inner, relative, status.st_size, status.st_mtime_ns, _content(path, status.st_size))
    except OSError:
        return Seen(inner, relative, -1, 0, "")


def _is_as(file: Seen, bases: Mapping[str, Path]) -> bool:
    path = bases[file.base] / file.path if file.base else Path(file.path)
    try:
        status = path.stat()
        if status.st_size != file.size:
            return False
        if status.st_mtime_ns == file.modified_ns:
            return True
        return file.content != "" and _content(path, file.size) == file.content
    except OSError:
        return file.size < 0


def _content(path: Path, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if size <= LARGEST else ""
