"""Versions of processes, as far as they can be compared."""

from packaging.version import InvalidVersion, Version


def is_newer(version: str, than: str) -> bool:
    """By the rules of Python's packages, to which `2.1.0` and `2024.11` keep; False where one does not."""
    try:
        return Version(version) > Version(than)
    except InvalidVersion:
        return False
