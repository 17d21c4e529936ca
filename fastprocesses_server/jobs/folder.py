"""The folder of results: whether it can be written, and which one it is, so that it shows when two are not the same."""

import asyncio
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from loguru import logger

from ..errors import StartError
from .results import NO_LINKS, PARTS

MARKER = ".store"
"""Holds the id of the store that the folder belongs to, and a word that no other folder has."""

UNWRITABLE = "unwritable"
"""What is told in place of the folder's mark."""

LOOK_SECONDS = 0.5
"""That readiness waits for a disk."""


def check_folder(folder: Path) -> None:
    """Before the start.

    Raises:
        StartError: it cannot be written.
    """
    try:
        _try_to_write(folder)
    except OSError as error:
        raise StartError(
            f"FP_RESULTS_DIR: user {os.geteuid()} cannot write {folder}: {error.strerror}; give that user the folder, "
            "with all that is in it (chown -R), or name another one"
        ) from None


def look(folder: Path, store: bytes) -> str:
    """The folder's mark, or `UNWRITABLE`; one without a mark gets it."""
    try:
        _try_to_write(folder)
        return mark_of(folder, store).decode(errors="replace")  # what is no text is the mark of something else
    except OSError as error:
        logger.error("the folder of results {} cannot be written: {}", folder, error.strerror)
        return UNWRITABLE


def mark_of(folder: Path, store: bytes) -> bytes:
    """Whoever comes first writes it, whole. May raise OSError."""
    marker = folder / MARKER
    with suppress(FileNotFoundError):
        return marker.read_bytes()
    draft = folder / f"{MARKER}.{token_hex(8)}"
    try:
        with draft.open("xb") as file:
            file.write(b"%s %s" % (store, token_hex(8).encode()))
            file.flush()
            os.fsync(file.fileno())
        _link(draft, marker)
    finally:
        draft.unlink(missing_ok=True)
    return marker.read_bytes()


def _link(draft: Path, marker: Path) -> None:
    try:
        marker.hardlink_to(draft)
    except FileExistsError:  # another was faster
        return
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        draft.replace(marker)  # should two do so at once, the next look of the first finds the other's


def _try_to_write(folder: Path) -> None:
    for part in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder / part):
            pass


class OwnFolder:
    """The folder as this process sees it. Who asks meanwhile shares a look: a disk that hangs holds up one thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.looking: asyncio.Future[str] | None = None

    async def look(self, store: bytes) -> str:
        """As `look`; a disk that does not answer is not writable."""
        if self.looking is None or self.looking.done():
            self.looking = asyncio.ensure_future(asyncio.to_thread(look, self.folder, store))
        await asyncio.wait({self.looking}, timeout=LOOK_SECONDS)
        return self.looking.result() if self.looking.done() else UNWRITABLE
