"""Versions of processes, as far as they can be compared."""

from packaging.version import InvalidVersion, Version

from .description import Process

VERSION_MARK = ":"
"""Between id and version in URLs; no id has it."""


def base_id(process_id: str) -> str:
    """Without the version."""
    return process_id.partition(VERSION_MARK)[0]


def is_newer(version: str, than: str) -> bool:
    """By the rules of Python's packages, to which `2.1.0` and `2024.11` keep; False where one does not."""
    try:
        return Version(version) > Version(than)
    except InvalidVersion:
        return False


def by_version(process: Process) -> Version:
    """For sorting; one that cannot be compared is the only one of its process."""
    try:
        return Version(process.version)
    except InvalidVersion:
        return Version("0")
