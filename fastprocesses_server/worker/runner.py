"""Runs jobs in a child of a worker: claim, call, encode, commit."""

import hashlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from secrets import token_hex
from types import FrameType
from typing import Any, TypeVar

import orjson
from loguru import logger

from .. import traces
from ..errors import InvalidRequest
from ..execution.guard import guard_references
from ..execution.outputs import InvalidOutput, StoredOutput, read_manifest, write_manifest
from ..execution.references import OwnOutput, Reference
from ..execution.request import Execution, read_again, read_execution
from ..fail_points import fail_point
from ..jobs.cache import Entry, ResultCache
from ..jobs.connection import STORE_ERRORS, connect
from ..jobs.leases import Claim, Leases, Outcome
from ..jobs.lifetimes import cache_seconds
from ..jobs.log import Source
from ..jobs.record import Job, Status
from ..jobs.results import ResultStore
from ..logs import part_loguru
from ..processes.callables import find_exception
from ..processes.description import Process
from ..processes.frames import authors_traceback
from ..processes.quantities import as_text
from ..processes.registry import Registry
from ..processes.versions import is_newer
from ..settings import Settings
from ..trail import following
from .arguments import Fetching
from .bars import follow_bars
from .calls import Caller
from .capture import Capture
from .context import Context
from .failures import Failure, Unfit, failure, over_soft_limit
from .family import Growth, become_head
from .threads import Threads
from .turn import Turn

SOFT_LIMIT, CANCEL = signal.SIGUSR1, signal.SIGUSR2
"""How the keeper speaks to a child: raise `SoftTimeLimitExceeded` in the callable; tell it that it was cancelled."""

Exceptions = tuple[type[BaseException], ...]
Found = TypeVar("Found")

SLACK = 0.9
"""A job that has not run for this part of its soft time limit is not the one that the keeper means."""


@dataclass(frozen=True, slots=True)
class Run:
    """An attempt that has come to an end, which is not told yet."""

    name: str
    """That its files carry."""
    stored: list[StoredOutput]
    outcome: Outcome


class Runner:
    """One for each worker, made in the parent; `enter_child` makes it usable in a child."""

    def __init__(
        self,
        registry: Registry,
        settings: Settings,
        owner: str,
        capture: Capture,
        turn: Turn,
        *,
        queues: Sequence[str],
    ) -> None:
        self.registry = registry
        self.settings = settings
        self.owner = owner
        self.queues = queues
        self.results = ResultStore(settings.results_folder)
        self.capture = capture
        self.turn = turn
        self.context: Context | None = None
        """Of the callable that runs now."""
        self.soft_end = 0.0
        """When the job that runs now may be over its soft time limit, on this process's clock."""
        self.is_late = False
        """It is, and was told so before its callable could be."""
        self.threads: Threads | None = None
        """Before the job that runs now."""
        self.caller_of = cache(lambda process_id: Caller(registry[process_id], settings.processes_dir))
        self.retried_by = cache(
            lambda process_id: tuple(
                find_exception(name, settings.processes_dir) for name in registry[process_id].run.retry_on
            )
        )
        self.is_as_checked = cache(lambda process_id: _is_as_checked(registry[process_id], settings.processes_dir))

    def enter_child(self) -> None:
        """A process group of its own, so that whatever a callable starts can be ended with it."""
        become_head()
        part_loguru(self.settings, self.capture.take)
        self.capture.enter_child()
        self.growth = Growth()
        follow_bars(lambda: self.context)
        redis = connect(self.settings.broker_url.get_secret_value())
        self.cache = ResultCache(self.settings, self.results)
        self.leases = Leases(redis, self.settings, self.registry, self.owner, self.queues)

    def import_all(self) -> None:
        """So that files which change later, and may be wrong then, are no affair of this process."""
        for process in self.registry.all_versions:
            try:
                for looked_at in (self.caller_of, self.retried_by, self.is_as_checked):
                    looked_at(process.id)
            except Exception as error:  # noqa: BLE001 - authors' code, which is imported again when it is wanted
                logger.warning("{} cannot be imported: {}: {}", process.callable, type(error).__name__, error)

    def _hear_keeper(self) -> None:
        """Before each job, as the pool sets a handler of its own, and callables may."""
        signal.signal(SOFT_LIMIT, self._on_soft_limit)
        signal.signal(CANCEL, self._on_cancel)

    def _on_soft_limit(self, _number: int, _frame: FrameType | None) -> None:
        if time.monotonic() < self.soft_end:
            return  # the job that it was for has ended meanwhile
        self.is_late = True
        if self.context:
            self._end_softly(self.context)

    def _end_softly(self, context: Context) -> None:
        context.cancelled = True
        raise over_soft_limit()

    def _on_cancel(self, _number: int, _frame: FrameType | None) -> None:
        if self.context:
            self.context.cancelled = True

    def run(self, job_id: str) -> None:
        """What the task does. A duplicate message finds nothing to do. Further jobs may follow."""
        self.turn.begin()
        claim = self._claim(job_id)
        while claim:
            claim = self._complete(claim) or self._await_next()

    def _complete(self, claim: Claim) -> Claim | None:
        """Bring a job to its end; the next one, where this process goes on."""
        job = claim.job
        fail_point("claimed", job.id)
        self.turn.jobs += 1
        facts: traces.Facts = {
            "ogc.process.id": job.process_id,
            "ogc.job.id": job.id,
            "ogc.job.attempt": job.attempt,
        }
        with following(job.trail), traces.span(f"run {job.process_id}", "consumer", facts):
            ended = self._run_claimed(claim)
        if isinstance(ended, Claim):
            return ended
        if what := self._left(claim.memory_limit):
            logger.info("a process for jobs is replaced: they have left {} in it", what)
            raise SystemExit
        if self.turn.is_spent:
            raise SystemExit
        return None

    def _run_claimed(self, claim: Claim) -> Claim | bool:
        job = claim.job
        instead = f", for job {job.joined}, which it had joined" if job.joined else ""
        logger.info("job {} running: {} {}, attempt {}{}", job.id, job.process_id, job.version, job.attempt, instead)
        try:
            run = self._run(claim)
            ended = self._commit(job, run, claim.memory_limit) if isinstance(run, Run) else run
        except BaseException as error:  # noqa: BLE001 - the keeper would renew the lease of a job that nobody runs
            ended = False
            logger.critical("job {} cannot be brought to its end: {}: {}", job.id, type(error).__name__, error)
        if not ended:
            # The job is another's or dismissed, and this process about to be killed for it: it takes no new one.
            logger.warning("job {} is no longer this worker's: its outcome is dropped", job.id)
            os.kill(os.getpid(), signal.SIGKILL)
        return ended

    def _left(self, memory_limit: int) -> str:
        """What jobs have left in this process that the next one must not meet."""
        if memory_limit and self.growth.bytes > memory_limit:
            return as_text(self.growth.bytes)
        threads = self.threads.added() if self.threads else []
        return f"threads ({', '.join(thread.name for thread in threads)})" if threads else ""

    def _await_next(self) -> Claim | None:
        """The job of a message that comes while this turn lasts: by way of Celery it would be here later."""
        message = None if self.turn.is_over else self.leases.await_message(self.turn.seconds_left)
        if message and self.turn.is_last():
            self.leases.put_back(message)
            return None
        return self._claim(message.job_id) if message else None

    def _claim(self, job_id: str) -> Claim | None:
        self._hear_keeper()
        fail_point("received", job_id)
        began = time.monotonic()
        try:
            claim = self.leases.claim(job_id, self.growth.bytes)
        except STORE_ERRORS as error:
            # It may have the job, and not know.
            logger.critical("job {} cannot be claimed: {}", job_id, error)
            os.kill(os.getpid(), signal.SIGKILL)
            raise
        if claim:
            self._watch(claim, began)
        return claim

    def _watch(self, claim: Claim, began: float) -> None:
        self.soft_end = began + SLACK * claim.soft_limit
        self.is_late = False

    def _run(self, claim: Claim) -> Run | bool:
        """One attempt, to be committed; otherwise whether it was given back, False where the job is another's."""
        job, run, stored = claim.job, token_hex(4), list[StoredOutput]()
        retried: Exceptions = ()
        workdir = self.results.workdir(job.id, run)
        try:
            execution = replace(self._execution(claim), maker=job.maker)
            retried = _imported(self.retried_by, execution.process.id)
            caller = _imported(self.caller_of, execution.process.id, retried)
            stored = self._store(caller, job, run, self._call(job, execution, workdir, caller))
            entry = self._cache(claim, execution, stored, f"{job.id}-{run}")
            has_files = any(output.file for output in stored)
            outcome = Outcome(Status.SUCCESSFUL, write_manifest(stored), has_files, entry)
        except Unfit as unfit:
            return self._decline(job, unfit)
        except BaseException as error:  # noqa: BLE001 - the one place where an author's callable runs
            outcome = Outcome(Status.FAILED, orjson.dumps(failure(job, error).problem))
            if isinstance(error, retried) and not isinstance(error, (Failure, InvalidOutput)):
                return self._retry(job, execution.process, error, outcome)
        finally:
            self.results.remove_workdir(workdir)
        return Run(run, stored, outcome)

    def _commit(self, job: Job, run: Run, memory_limit: int) -> Claim | bool:
        """False where the job is another's. There may be a next one for this process.

        Jobs that joined this one get files of their own first, as each may be removed without the others.
        """
        fail_point("finished", job.id)
        self._hear_keeper()
        began, joined = time.monotonic(), dict[str, bytes]()
        left = None if self.turn.is_over or self._left(memory_limit) else self.growth.bytes
        while isinstance(answer := self.leases.commit(job.id, job.attempt, run.outcome, joined, left), set):
            joined |= {other: self._share(run.stored, other, run.name) for other in answer}
        if answer:
            logger.info("job {} {}", job.id, run.outcome.status)
            _note(run.outcome.status)
        if isinstance(answer, Claim):
            self._watch(answer, began)
        return answer

    def _share(self, stored: list[StoredOutput], job_id: str, run: str) -> bytes:
        """The manifest of a joined job; empty where the disk has no place for its files."""
        try:
            return write_manifest(self.results.link(stored, Path("jobs") / job_id / run))
        except OSError as error:
            logger.warning("job {} gets no files of the run that it has joined: {}", job_id, error)
            return b""

    def _retry(self, job: Job, process: Process, error: BaseException, outcome: Outcome) -> bool:
        message = f"attempt {job.attempt} of {process.run.attempts} failed"
        status = self.leases.retry(job, process.run.retry_delay or 0, message, outcome.document)
        if status:
            logger.warning("job {} {}: {} with {}", job.id, status, message, type(error).__name__)
            _note(status, is_fault=True)
        return status is not None

    def _execution(self, claim: Claim) -> Execution:
        """The execution, as the process of this worker reads it.

        Raises:
            Unfit: it has none, or an older one, or one that wants other inputs.
        """
        job = claim.job
        wanted = f"{job.process_id} {job.version}"
        process = self.registry.exactly(job.process_id, job.version) or self.registry.get(job.process_id)
        if process is None:
            raise Unfit(f"waits for a worker that has {wanted}")
        if process.version != job.version and not is_newer(process.version, job.version):
            raise Unfit(f"waits for a worker that has {wanted} or newer, not {process.version}")
        if process.fingerprint == job.fingerprint:
            return read_execution(process, claim.request)
        try:
            return read_again(process, claim.request)
        except InvalidRequest as error:
            raise Unfit(f"does not fit {process.id} {process.version}: {error.detail}") from None

    def _decline(self, job: Job, unfit: Unfit) -> bool:
        status = self.leases.decline(job, str(unfit), orjson.dumps(unfit.problem))
        if status:
            logger.warning("job {} {}: it {}", job.id, status, unfit)
            _note(status)
        return status is not None

    def _call(self, job: Job, execution: Execution, workdir: Path, caller: Caller) -> Any:
        context = Context(
            job.id,
            workdir,
            lambda percent, message: self._report(job, percent, message),
            lambda text: self.capture.say("INFO", Source.CONTEXT, text),
        )
        arguments = caller.arguments(execution, context, lambda hrefs: self._fetch(execution, hrefs, context))
        self.threads = Threads()
        with self.capture.of(job):
            try:
                self.context = context
                if self.is_late:
                    self._end_softly(context)
                return caller.call(arguments)
            finally:
                self.context = None

    def _fetch(self, execution: Execution, hrefs: list[tuple[str, str]], context: Context) -> dict[str, Reference]:
        guard = guard_references(self.settings)
        fetching = Fetching(guard, self.settings, self.results, self._own_output, lambda: context.workdir)
        return fetching.complete(execution, hrefs)

    def _own_output(self, reference: OwnOutput) -> StoredOutput | None:
        manifest = self.leases.manifest(reference.job_id)
        return read_manifest(manifest).get(reference.output) if manifest else None

    def _report(self, job: Job, percent: float, message: str) -> None:
        try:
            self.leases.progress(job, percent, message)
        except STORE_ERRORS as error:
            logger.warning("job {}: progress is not stored: {}", job.id, error)

    def _store(self, caller: Caller, job: Job, run: str, returned: Any) -> list[StoredOutput]:
        stored = self.results.write(job.id, run, caller.encode(returned))
        caller.check_size(output.size for output in stored)
        return stored

    def _cache(self, claim: Claim, execution: Execution, stored: list[StoredOutput], owner: str) -> Entry | None:
        """No later than the commit, so that whoever hears of the end finds them; what goes with it is returned.

        Failing it fails nothing else.
        """
        seconds = cache_seconds(execution.process, self.settings)
        if seconds is None or (key := _key(claim, execution)) is None:
            return None
        if not self.is_as_checked(execution.process.id):
            logger.warning("{} has changed since the start: its outputs are not cached", execution.process.id)
            return None
        try:
            return self.cache.put(stored, key=key, owner=owner, seconds=seconds)
        except (*STORE_ERRORS, OSError) as error:
            logger.warning("outputs of {} are not cached: {}", execution.process.id, error)
        return None


def _key(claim: Claim, execution: Execution) -> str | None:
    """That of the job, where it runs as it was submitted: to make it again takes long where inputs are large."""
    is_same = claim.key and execution.process.fingerprint == claim.job.fingerprint
    return claim.key if is_same else execution.key


def _note(status: Status, *, is_fault: bool = False) -> None:
    traces.note({"ogc.job.status": status.value}, is_fault=is_fault or status == Status.FAILED)


def _imported(get: Callable[[str], Found], process_id: str, left: Exceptions = ()) -> Found:
    """What comes from authors' modules; exceptions that cost an attempt are left as they are.

    Raises:
        Failure: they could be imported when they were checked, and cannot be now.
    """
    try:
        return get(process_id)
    except left:
        raise
    except Exception as error:  # noqa: BLE001 - authors' code
        said = "The process cannot run: its module has changed and cannot be imported. The server's log says more."
        raise Failure(said, cause=authors_traceback(error)) from None


def _is_as_checked(process: Process, folder: Path) -> bool:
    """Whether the modules are those that the fingerprint was made of: files may have changed before this import."""
    return all(
        (folder / file).is_file() and hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest
        for file, digest in process.modules.items()
    )
