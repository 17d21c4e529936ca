"""Where the API listens: the sockets of a port or of a path, which several processes may inherit."""

import errno
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ...errors import StartError

SOCKET_MODE = 0o660
"""Of a socket that has a path: who may write it may speak to the API."""


@dataclass(frozen=True, slots=True)
class Address:
    """A port, or the path of a Unix socket, which wins."""

    host: str
    port: int
    path: Path | None = None


@contextmanager
def bound(address: Address) -> Iterator[list[socket.socket]]:
    """Sockets that nobody can reach before they listen. One that has a path is removed at the end.

    Raises:
        StartError: the API could not listen there.
    """
    if address.path:
        with _at_path(address.path) as listener:
            yield [listener]
        return
    with ExitStack() as stack:
        yield [stack.enter_context(listener) for listener in _at_port(address.host, address.port)]


def inherited(descriptors: Sequence[int]) -> list[socket.socket]:
    """What the process that started this one has bound."""
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def name_of(listener: socket.socket) -> str:
    """As a URL."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def hide(listener: socket.socket) -> bool:
    """Have nobody else connect, where that is possible: whoever has connected can still be let in."""
    if listener.family != socket.AF_UNIX:
        return False
    with suppress(OSError):
        Path(listener.getsockname()).unlink()
    return True


def _at_port(host: str, port: int) -> list[socket.socket]:
    listeners: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listeners.append(listener := socket.socket(family, kind, protocol))
            # A connection that has just been closed does not make a port busy.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
    except OSError as error:
        for listener in listeners:
            listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"port {port} is in use by another program; choose another with --port") from error
        reason = f"cannot listen on {host} port {port}: {error.strerror}"
        raise StartError(f"{reason}; choose another with --host or --port") from error
    return listeners


@contextmanager
def _at_path(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        mask = os.umask(0o777 & ~SOCKET_MODE)
        try:
            _remove_stale(path)
            listener.bind(os.fspath(path))
        except OSError as error:
            reason = error.strerror or error  # a path that is too long has no number
            raise StartError(f"cannot listen on {path}: {reason}; choose another with --unix-socket") from error
        finally:
            os.umask(mask)
        own = path.stat().st_ino
        try:
            yield listener
        finally:
            with suppress(FileNotFoundError):
                if path.stat().st_ino == own:  # else somebody has put another in its place
                    path.unlink()


def _remove_stale(path: Path) -> None:
    """A socket outlives a process that is killed; then nobody answers there."""
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise StartError(f"cannot listen on {path}: it is no socket; choose another with --unix-socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise StartError(f"{path} is in use by another program; choose another with --unix-socket")
