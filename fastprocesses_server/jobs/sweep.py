"""Files whose owner is gone: of expired jobs and cache entries, of attempts that were fenced off, of killed workers."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis import Redis

SPARED_SECONDS = 3600
"""Younger folders are left alone: what is being written has no owner in Redis yet."""


def sweep(jobs: "Redis", cache: "Redis", folder: Path) -> int:
    """Remove what nobody refers to any more; the number of folders removed. May raise one of `STORE_ERRORS`."""
    removed = 0
    for path, key in _owned(folder):
        if _is_old(path) and not (cache if path.parent.name == "cache" else jobs).exists(key):
            shutil.rmtree(path, ignore_errors=True)
            removed += 1
    return removed


def _owned(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every folder with the key whose end is its own."""
    for path in _children(folder / "jobs"):
        yield path, f"fp:job:{path.name}:results"
    for path in _children(folder / "cache"):
        yield path, f"fp:cache:{path.name}"
    for path in _children(folder / "work"):
        yield path, f"fp:job:{path.name.rpartition('-')[0]}"


def _children(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > SPARED_SECONDS
    except FileNotFoundError:  # another worker was faster
        return False
