"""Changes of the processes folder: which files are read, and what editors and programs leave beside them."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path

from watchfiles import awatch

from .file_names import is_description_file

MODULES = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)
QUIET_MILLISECONDS = 200
"""Without a change: an editor writes a file beside, and then renames it."""
LONGEST_MILLISECONDS = 2_000
AGAIN_MILLISECONDS = 1_000


async def changes(folder: Path) -> AsyncIterator[list[str]]:
    """Files that are read and were changed, created or removed, together where they come together.

    A folder that was replaced by another one counts as such a file, `.`.
    """
    before = _identity(folder)
    while True:
        identity = _identity(folder)
        if identity and identity != before:
            yield ["."]
        before = identity or before
        if identity:
            async with aclosing(_batches(folder)) as batches:
                async for batch in batches:
                    if batch:
                        yield batch
                    if _identity(folder) != identity:
                        break
        else:
            await asyncio.sleep(AGAIN_MILLISECONDS / 1000)


def _identity(folder: Path) -> tuple[int, int] | None:
    """None where there is no such folder."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


async def _batches(folder: Path) -> AsyncGenerator[list[str], None]:
    """Now and then an empty one."""
    place = folder.resolve()  # noqa: ASYNC240 - as quick as what watches it
    with suppress(FileNotFoundError):
        async for found in awatch(
            place,
            watch_filter=lambda _, path: is_read(Path(path), place),
            debounce=LONGEST_MILLISECONDS,
            step=QUIET_MILLISECONDS,
            rust_timeout=AGAIN_MILLISECONDS,
            yield_on_timeout=True,
        ):
            yield sorted({str(Path(path).relative_to(place)) for _, path in found})


def is_read(path: Path, folder: Path) -> bool:
    """Of a path below the folder, which need not be there any more.

    Modules anywhere, description files directly in the folder, and other files that one of them names in an example.
    """
    *above, name = path.relative_to(folder).parts or ("",)
    if name.startswith(".") or any(part.startswith(".") or part == "__pycache__" for part in above):
        return False
    if all(part.isidentifier() for part in above) and _is_module(path):
        return True
    return (not above and is_description_file(path)) or _is_named(path, folder)


def _is_module(path: Path) -> bool:
    """A package that was moved as a whole counts as well."""
    if path.name.endswith(MODULES):
        return path.name.partition(".")[0].isidentifier()
    return path.name.isidentifier() and path.is_dir() and any(path.glob("**/*.py"))


def _is_named(path: Path, folder: Path) -> bool:
    relative = path.relative_to(folder).as_posix().encode()
    mark = re.compile(rb"""\$file["']?\s*:\s*["']?(\./)?""" + re.escape(relative) + rb"""["']?\s*([,}\n]|$)""")
    try:
        return any(
            mark.search(file.read_bytes()) for file in folder.iterdir() if is_description_file(file) and file.is_file()
        )
    except OSError:
        return False
