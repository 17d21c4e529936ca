"""Threads that a callable has started and left: they would go on in the jobs that the process runs next."""

import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from types import FrameType

POOLS = ("/concurrent/futures/", "/multiprocessing/", "/tqdm/_monitor.py")
"""Where threads wait for work that their pool gives them, or watch bars. Such a thread says nothing by itself."""

WAITING = ("/threading.py", "/queue.py", "/selectors.py")


class Threads:
    """Those of this process, when this was made."""

    def __init__(self) -> None:
        self.known = set(threading.enumerate())

    def added(self) -> list[threading.Thread]:
        """Since then, and not only waiting for work."""
        frames = sys._current_frames()  # noqa: SLF001 - public, in spite of its name
        new = [thread for thread in threading.enumerate() if thread not in self.known]
        return [thread for thread in new if not _is_idle(frames.get(thread.ident or 0))]


def _is_idle(frame: FrameType | None) -> bool:
    """Nothing is under way but code of a pool."""
    files = [PurePath(caller.f_code.co_filename).as_posix() for caller in _callers(frame)]
    is_of_a_pool = any(_is_in(POOLS, file) for file in files)
    return is_of_a_pool and all(_is_in((*POOLS, *WAITING), file) for file in files)


def _is_in(places: Iterable[str], file: str) -> bool:
    return any(place in file for place in places)


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame:
        yield frame
        frame = frame.f_back
