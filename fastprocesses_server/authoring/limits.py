"""The limits of a process that runs here: the time and memory that workers would give it."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from ..errors import StartError
from ..jobs.leases import Held, Verdict
from ..jobs.lifetimes import time_limits
from ..processes.description import Process
from ..settings import Settings
from ..worker.ages import Ages
from ..worker.failures import Failure, out_of_memory, timed_out
from ..worker.family import Families
from ..worker.keeper import KILL_GRACE, MEMORY_SECONDS, is_alive
from ..worker.runner import SOFT_LIMIT

Tell = Callable[[float], object]
"""Takes the percent that a run has come to."""


def keep_limits(process: Process, settings: Settings) -> Tell:
    """Goes on in a child. This process only watches it, and ends as it ends.

    Code that holds the interpreter's lock, or asks for all memory, cannot be watched from within.
    Raises StartError, in this process, where the child is over its limits or crashes; SOFT_LIMIT is sent to it.
    """
    signal.signal(SOFT_LIMIT, signal.SIG_IGN)  # until there is something that it could end
    told, telling = os.pipe()
    child = os.fork()
    if child:
        os.close(telling)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        soft, hard = time_limits(process, settings)
        memory = process.run.memory_limit or 0
        sys.exit(_watch(Held("run", child, 1, Verdict.RUN, memory, 0, soft_limit=soft, hard_limit=hard), told))
    os.close(told)
    return lambda percent: os.write(telling, bytes([round(percent)]))


def _watch(job: Held, told: int) -> int:
    """The child's exit status."""
    families = Families()
    try:
        if why := next(filter(None, _looks(job, told, families)), None):
            raise StartError(str(why))
    except KeyboardInterrupt:  # a terminal sends it to the child as well
        _await_end(job.pid)
        return 128 + signal.SIGINT
    finally:
        families.look([job.pid])
        families.kill(job.pid)
    status = os.waitstatus_to_exitcode(os.waitpid(job.pid, 0)[1])
    if status < 0:
        raise StartError(f"the run crashes the process ({signal.Signals(-status).name})")
    return status


def _looks(job: Held, told: int, families: Families) -> Iterator[Failure | None]:
    """At the child, while it lives: why it must be killed."""
    ages, progress, is_told = Ages(), 0, False
    while is_alive(job.pid):
        families.look([job.pid])
        (now,) = ages.look([job], time.monotonic())
        if now.verdict == Verdict.HARD:
            yield timed_out("hard")
        if job.memory_limit and families.resident_bytes(job.pid) > job.memory_limit:
            yield out_of_memory(job.memory_limit, progress)
        if now.verdict == Verdict.SOFT and not is_told:
            is_told = True
            os.kill(job.pid, SOFT_LIMIT)
        if select.select([told], [], [], MEMORY_SECONDS)[0]:  # it tells something, or ends
            progress = max(progress, *(os.read(told, 4096) or [0]))


def _await_end(child: int) -> None:
    end = time.monotonic() + KILL_GRACE
    with suppress(KeyboardInterrupt):
        while is_alive(child) and time.monotonic() < end:
            time.sleep(0.02)
