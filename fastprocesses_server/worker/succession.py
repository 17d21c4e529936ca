"""Succession: a worker reads its description files again and becomes a new image of its program, in the same process.

Its children remain its children. Those that run jobs finish them with the code that they have; the new image knows
the worker's name in the store and renews their leases, while its own children take what comes. What a child imported
cannot be taken from it, and the parent has imported nothing, so that this is all there is to change.
"""

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import IO, NoReturn

import psutil
from loguru import logger

from ..errors import StartError
from ..jobs.connection import connect
from ..jobs.reloads import LOOK_SECONDS, number
from ..processes.registry import Registry
from ..settings import Settings
from ..traces import end_traces
from .ages import Ages
from .family import end_descendants
from .keeper import Telling
from .scribe import Lanes

LEGACY = "FASTPROCESSES_LEGACY"
"""Environment variable with the descriptor of the file that the earlier image left."""

HELD_BACK = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT}
"""They wait until the new image can answer them."""


@dataclass(frozen=True, slots=True)
class Legacy:
    """What one image of a worker leaves to the next."""

    settings: Settings
    registry: Registry
    owner: str
    number: int
    """Of the reloads, when the files were read."""
    told: Mapping[Telling, float]
    """What the keeper has told which jobs."""
    ages: Ages
    lanes: Lanes
    folder: str
    """Mark of the folder of results, as it was last seen."""
    heirs: frozenset[int] = frozenset()
    """Process ids of the children."""


def inherit() -> Legacy | None:
    """None at the first start. To be called before any child is made."""
    descriptor = os.environ.pop(LEGACY, None)
    if descriptor is None:
        return None
    with os.fdopen(int(descriptor), "rb") as file:
        legacy: Legacy = pickle.load(file)  # noqa: S301 - an unnamed file of our own
    return replace(legacy, heirs=frozenset(child.pid for child in psutil.Process().children()))


def bequeath(legacy: Legacy) -> NoReturn:
    """Become the new image. Only the main thread may: the kernel ends the children of a thread that goes."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    file = _unnamed_file()
    pickle.dump(legacy, file)
    file.seek(0)
    os.set_inheritable(file.fileno(), True)
    os.environ[LEGACY] = str(file.fileno())
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - no shell is the point


def _unnamed_file() -> IO[bytes]:
    """In memory where the kernel offers that (Linux): a full disk is no reason to fail."""
    return os.fdopen(os.memfd_create("legacy"), "w+b") if sys.platform == "linux" else TemporaryFile()


class Line:
    """From a worker to its children: open until the worker ends, or becomes a new image."""

    def __init__(self) -> None:
        self.end, self.other_end = os.pipe()
        os.set_blocking(self.end, False)

    def enter_child(self) -> None:
        os.close(self.other_end)

    def is_dead(self) -> bool:
        try:
            return not os.read(self.end, 1)
        except BlockingIOError:
            return False

    def end_if_dead(self) -> None:
        """In a child, after its job: there is nobody to give it another, nor to hear from it."""
        if self.is_dead():
            end_descendants()
            end_traces()
            os._exit(0)


class Reloads(threading.Thread):
    """Reads the description files again when somebody asks for it; what is wrong leaves everything as it was.

    Checking may take long: it has a thread of its own, and ends with the first registry that is good.
    """

    def __init__(self, settings: Settings, load: Callable[[], Registry], known: int) -> None:
        super().__init__(name="reloads", daemon=True)
        self.redis = connect(settings.broker_url.get_secret_value())
        self.load = load
        self.known = known
        self.asked = threading.Event()
        """Set by a signal."""
        self.registry: Registry | None = None
        """The new one, once it is there."""
        self.is_over = False
        """The worker was told to stop."""

    def run(self) -> None:
        while self.registry is None:
            time.sleep(LOOK_SECONDS)
            with logger.catch(level="CRITICAL"):
                self._look()

    def _look(self) -> None:
        now = number(self.redis, self.known)
        if now != self.known or self.asked.is_set():
            self.known = now
            self.asked.clear()
            self.registry = self._read()

    def _read(self) -> Registry | None:
        try:
            return self.load()
        except (StartError, OSError) as error:
            first, *others = str(error).splitlines()
            more = "; `fastprocesses-server check` says all" if others else ""
            logger.error("this worker keeps the processes that it has: {}{}", first, more)
            return None
