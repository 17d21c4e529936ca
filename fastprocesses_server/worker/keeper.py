"""The keeper: a thread in the worker's parent that renews leases, ends what must end, and reports what died.

It lives in the parent because numerical code that holds the interpreter's lock would starve a thread in the child.
"""

import os
import signal
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from loguru import logger

from ..fail_points import fail_point
from ..jobs.connection import STORE_ERRORS
from ..jobs.leases import Held, Leases, Verdict
from ..jobs.transitions import BEAT_SECONDS
from .ages import Ages
from .failures import Failure, out_of_memory, timed_out
from .family import Families
from .pulse import Pulse
from .runner import CANCEL, SOFT_LIMIT
from .scribe import Scribe

KILL_GRACE = 1.0
"""Seconds between telling a callable that it is cancelled, and killing it."""

MEMORY_SECONDS = 0.2
"""Between two looks at the memory of jobs that have a limit."""


HEIR_SECONDS = 3.0
"""For an heir without a job: to tell the log how its last one ended, or to deliver a callback."""

Telling = tuple[str, int, Verdict]
"""Job, attempt, and what it was told."""


class Keeper(threading.Thread):
    """Looks after the jobs that the store says this worker runs."""

    def __init__(
        self,
        leases: Leases,
        scribe: Scribe,
        grace: float,
        *,
        heirs: Iterable[int] = (),
        told: Mapping[Telling, float] | None = None,
        ages: Ages | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        super().__init__(name="keeper", daemon=True)
        self.leases = leases
        self.scribe = scribe
        self.grace = grace
        self.stopping = threading.Event()
        self.has_left = threading.Event()
        self.held: list[Held] = []
        self.ages = ages or Ages()
        self.families = Families()
        self.pulse = pulse or Pulse(None)
        self.told = dict(told or {})
        """When each job was told what; a job is told once."""
        self.heirs = dict.fromkeys(heirs, time.monotonic())
        """Children of an earlier image of this worker, and when each was last seen with a job. They get no new one."""

    def run(self) -> None:
        with logger.catch(level="CRITICAL"):
            while not self.stopping.is_set():
                self.round()
                self.pulse.beat()
                self._watch_memory(time.monotonic() + BEAT_SECONDS)
        if not self.stopping.is_set():
            os._exit(1)  # without leases, other workers would run the jobs of this one too

    def round(self) -> None:
        try:
            self.held = self.ages.look(self.leases.beat(), time.monotonic())
            self._look()
            for job in self.held:
                self._look_after(job)
            self._dismiss_heirs(time.monotonic())
            for job_id, status in self.leases.reap():
                logger.warning("job {job_id} {}: its worker was lost", status, job_id=job_id)
        except STORE_ERRORS as error:
            logger.warning("the keeper waits for Redis: {}", error)
            return
        self._forget({(job.job_id, job.attempt) for job in self.held})

    def _look_after(self, job: Held) -> None:
        if not is_alive(job.pid):
            self.families.kill(job.pid)  # before another attempt begins
            self.scribe.finish(job.pid)
            if status := self.leases.gone(job.job_id, job.pid):
                logger.warning("job {job_id} {}: the process that ran it died", status, job_id=job.job_id)
            return
        match job.verdict:
            case Verdict.SOFT if self._told_since(job) is None:
                self._tell(job, SOFT_LIMIT)
                logger.warning("job {job_id} is over its soft time limit", job_id=job.job_id)
            case Verdict.HARD if self._overrun(job, timed_out("hard")):
                logger.warning("job {job_id} failed: over its hard time limit", job_id=job.job_id)
            case Verdict.KILL:
                self._end(job)

    def _look(self) -> None:
        self.families.look({*(job.pid for job in self.held), *self.heirs})

    def _dismiss_heirs(self, now: float) -> None:
        """They end with their jobs, and what these have started ends with them. Nobody else waits for them."""
        busy = {job.pid for job in self.held}
        for pid in list(self.heirs):
            if pid in busy:
                self.heirs[pid] = now
            if not is_alive(pid) or now - self.heirs[pid] > HEIR_SECONDS:
                self.families.kill(pid)
                if os.waitpid(pid, os.WNOHANG)[0]:
                    del self.heirs[pid]

    def _watch_memory(self, until: float) -> None:
        """Between two beats; a job that is over its limit is killed at once, before the machine has no memory left."""
        while (left := until - time.monotonic()) > 0:
            limited = [job for job in self.held if job.memory_limit and job.verdict != Verdict.KILL]
            self.stopping.wait(min(left, MEMORY_SECONDS) if limited else left)
            if self.stopping.is_set():
                return
            if limited:
                self._look()
            for job in limited:
                if self.families.resident_bytes(job.pid) > job.memory_limit + job.left:
                    self._kill_over_memory(job)

    def _kill_over_memory(self, job: Held) -> None:
        try:
            if not self._overrun(job, out_of_memory(job.memory_limit, job.progress)):
                return  # it has ended since the last beat, and its process may run another one
            logger.warning("job {job_id} failed: over its memory limit", job_id=job.job_id)
        except STORE_ERRORS as error:
            logger.warning(
                "job {job_id} is over its memory limit, and the keeper waits for Redis: {}", error, job_id=job.job_id
            )
        self.families.kill(job.pid)

    def _overrun(self, job: Held, why: Failure) -> bool:
        return self.leases.overrun(job, why.problem)

    def _end(self, job: Held) -> None:
        since = self._told_since(job)
        if since is None:
            fail_point("dismissing", job.job_id)
            self._tell(job, CANCEL)
        elif time.monotonic() - since >= KILL_GRACE:
            self.families.kill(job.pid)

    def _told_since(self, job: Held) -> float | None:
        return self.told.get((job.job_id, job.attempt, job.verdict))

    def _tell(self, job: Held, number: signal.Signals) -> None:
        self.told[job.job_id, job.attempt, job.verdict] = time.monotonic()
        with suppress(ProcessLookupError):  # the next round finds it dead
            os.kill(job.pid, number)

    def _forget(self, held: set[tuple[str, int]]) -> None:
        self.told = {key: since for key, since in self.told.items() if key[:2] in held}

    def leave(self) -> None:
        """Let the jobs finish for the time of grace, then give them back and end their processes.

        These end even where Redis is away, which raises one of `STORE_ERRORS` then.
        """
        end = time.monotonic() + self.grace
        while time.monotonic() < end and self._has_jobs():
            time.sleep(0.1)
        self.stopping.set()
        if self.is_alive():
            self.join()
        pids = {*(job.pid for job in self.held), *self.heirs}
        try:
            for pid in pids:
                self.scribe.finish(pid)
            for job_id, pid, status in self.leases.give_back():
                logger.info("job {job_id} {}: this worker gives it back", status, job_id=job_id)
                pids.add(pid)
        finally:
            self._end_all(pids)

    def _has_jobs(self) -> bool:
        with suppress(*STORE_ERRORS):  # those that there were may go on while Redis is away
            self.held = self.leases.beat()
        return bool(self.held)

    def _end_all(self, pids: Collection[int]) -> None:
        self.families.look(pids)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, CANCEL)
        end = time.monotonic() + KILL_GRACE
        while time.monotonic() < end and any(map(is_alive, pids)):
            time.sleep(0.05)
        for pid in pids:
            self.families.kill(pid)


def is_alive(pid: int) -> bool:
    """Of a child of this process; one that ended but was not waited for yet is not."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
