"""Files whose owner is gone: of expired jobs and cache entries, of attempts that were fenced off, of killed workers."""

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from .folder import mark_of

if TYPE_CHECKING:
    from redis import Redis

SPARED_SECONDS = 3600
"""Younger folders are left alone: what is being written has no owner in Redis yet."""


def sweep(jobs: "Redis", cache: "Redis", folder: Path, store: bytes) -> int:
    """Remove what nobody refers to any more; the number of folders removed. `store` is the id of that of the jobs.

    May raise one of `STORE_ERRORS`, and OSError.
    """
    if mark_of(folder, store).partition(b" ")[0] != store:
        logger.warning("{} holds results of another Redis: nothing expired is removed there", folder)
        return 0
    abandoned = chain(
        _unnamed(folder / "jobs", jobs, "fp:job:{}:results"),
        _unnamed(folder / "cache", cache, "fp:cache:{}"),
        _left_behind(folder / "work", jobs),
    )
    removed = 0
    for removed, path in enumerate(abandoned, 1):  # noqa: B007 - each at once: what is known of it may soon be untrue
        shutil.rmtree(path, ignore_errors=True)
    return removed


def _unnamed(folder: Path, client: "Redis", key: str) -> Iterator[Path]:
    """Runs that no manifest of their owner names. The owner goes once it is empty: a later run may be on its way."""
    for owner in _children(folder):
        was_old = _is_old(owner)
        manifest: Any = client.get(key.format(owner.name)) or b""
        yield from (run for run in _children(owner) if _is_old(run) and run.name.encode() not in manifest)
        if was_old:
            with suppress(OSError):
                owner.rmdir()


def _left_behind(folder: Path, jobs: "Redis") -> Iterator[Path]:
    """Workdirs of jobs that do not run."""
    for workdir in _children(folder):
        status = jobs.hget(f"fp:job:{workdir.name.partition('.')[0]}", "status")
        if _is_old(workdir) and status != b"running":
            yield workdir


def _children(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > SPARED_SECONDS
    except FileNotFoundError:  # another worker was faster
        return False
