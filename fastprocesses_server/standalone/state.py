"""The state directory: private, and of one instance at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..errors import StartError


class State(NamedTuple):
    """`lock` is a file descriptor; the lock lasts as long as any process has it open."""

    directory: Path
    lock: int


@contextmanager
def open_state(directory: Path) -> Iterator[State]:
    """Makes the directory, if need be, and holds its lock.

    Raises StartError when it is not writable, or in use: by another supervisor, or by processes that one left.
    """
    directory = directory.absolute()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartError(_unwritable(directory, error)) from error
    try:
        _lock(directory, lock)
        yield State(directory, lock)
    finally:
        os.close(lock)  # never unlocked by hand: that would take the lock from Valkey and the guard as well


def make_private(directory: Path) -> Path:
    """A folder for our user alone, whoever may read the one around it. Raises StartError."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        directory.chmod(0o700)
    except OSError as error:
        raise StartError(_unwritable(directory, error)) from error
    return directory


def _lock(directory: Path, lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        text = f"{directory} is in use by another instance; stop that one, or choose another directory with --state"
        raise StartError(text) from error
    except OSError as error:
        raise StartError(f"cannot lock {directory}: {error.strerror}; choose another with --state") from error


def _unwritable(directory: Path, error: OSError) -> str:
    return f"the state directory {directory} is not writable: {error.strerror}; choose another with --state"
