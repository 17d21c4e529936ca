"""Runs jobs in a child of a worker: claim, call, encode, commit."""

import asyncio
import inspect
import os
import signal
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from types import FrameType
from typing import Any

import orjson
from celery.exceptions import SoftTimeLimitExceeded
from loguru import logger

from ..errors import EXCEPTIONS, ProcessError
from ..execution.inputs import InputsReader, Unreadable
from ..execution.outputs import InvalidOutput, OutputsWriter, StoredOutput, write_manifest
from ..execution.request import Execution, read_execution
from ..jobs import cache as result_cache
from ..jobs.connection import STORE_ERRORS, connect
from ..jobs.leases import Claim, Leases
from ..jobs.lifetimes import cache_seconds
from ..jobs.record import Job, Status
from ..jobs.results import ResultStore
from ..processes.callables import load_callable
from ..processes.registry import Registry
from ..settings import Settings
from .context import Context

SOFT_LIMIT, CANCEL = signal.SIGUSR1, signal.SIGUSR2
"""How the keeper speaks to a child: raise `SoftTimeLimitExceeded` in the callable; tell it that it was cancelled."""


class Failure(Exception):
    """The attempt failed; the problem document that clients read."""

    def __init__(self, detail: str, title: str = "The process failed", kind: str = "process-failed") -> None:
        super().__init__(detail)
        self.problem = {"type": EXCEPTIONS + kind, "title": title, "status": 500, "detail": detail}


class Runner:
    """One for each worker, made in the parent; `enter_child` makes it usable in a child."""

    def __init__(self, registry: Registry, settings: Settings, owner: str) -> None:
        self.registry = registry
        self.settings = settings
        self.owner = owner
        self.results = ResultStore(settings.results_folder)
        self.context: Context | None = None
        """Of the callable that runs now."""
        self.function_of = cache(
            lambda process_id: load_callable(registry[process_id].callable, settings.processes_dir)
        )
        self.inputs_of = cache(lambda process_id: InputsReader(registry[process_id]))
        self.outputs_of = cache(lambda process_id: OutputsWriter(registry[process_id]))

    def enter_child(self) -> None:
        """A process group of its own, so that whatever a callable starts can be ended with it."""
        os.setpgid(0, 0)
        self.leases = Leases(connect(self.settings.broker_url.get_secret_value()), self.owner, ())
        self.cache = connect(self.settings.result_cache_url.get_secret_value())
        signal.signal(SOFT_LIMIT, self._on_soft_limit)
        signal.signal(CANCEL, self._on_cancel)

    def _on_soft_limit(self, _number: int, _frame: FrameType | None) -> None:
        if self.context:
            self.context.cancelled = True
            raise SoftTimeLimitExceeded

    def _on_cancel(self, _number: int, _frame: FrameType | None) -> None:
        if self.context:
            self.context.cancelled = True

    def run(self, job_id: str) -> None:
        """What the task does. A duplicate message finds nothing to do."""
        claim = self.leases.claim(job_id)
        if claim is None:
            return
        job = claim.job
        logger.info("job {} running: {} {}, attempt {}", job.id, job.process_id, job.version, job.attempt)
        status, outcome = self._attempt(claim)
        committed = self.leases.commit(job.id, job.attempt, status, outcome)
        self.results.remove_workdir(job.id, job.attempt)
        if committed:
            logger.info("job {} {}", job.id, status)
            return
        # The job is another's, or dismissed, and this process is about to be killed for it: it takes no new job.
        logger.warning("job {} is no longer this worker's: its outcome is dropped", job.id)
        os.kill(os.getpid(), signal.SIGKILL)

    def _attempt(self, claim: Claim) -> tuple[Status, bytes]:
        job = claim.job
        try:
            execution = self._execution(claim)
            returned = self._call(job, execution)
            stored = self._store(job, returned)
            self._cache(execution, stored)
        except Failure as failure:
            return Status.FAILED, orjson.dumps(failure.problem)
        return Status.SUCCESSFUL, write_manifest(stored)

    def _execution(self, claim: Claim) -> Execution:
        process = self.registry.get(claim.job.process_id)
        if process is None:
            raise Failure(f"The worker has no process {claim.job.process_id}.")
        return read_execution(process, claim.request)

    def _call(self, job: Job, execution: Execution) -> Any:
        process = execution.process
        try:
            arguments = self.inputs_of(process.id).read(execution.inputs)
        except Unreadable as error:
            raise Failure(
                "The inputs do not fit the process any more: " + "; ".join(map(str, error.complaints))
            ) from None
        context = Context(
            job.id,
            self.results.workdir(job.id, job.attempt),
            lambda percent, message: self._report(job, percent, message),
        )
        if process.context_parameter:
            arguments[process.context_parameter] = context
        try:
            function = self.function_of(process.id)
            self.context = context
            try:
                return call(function, arguments)
            finally:
                self.context = None
        except ProcessError as error:
            raise Failure(str(error)) from None
        except SoftTimeLimitExceeded:
            raise Failure(
                "The process was ended by its soft time limit.", "Time limit exceeded", "time-limit-exceeded"
            ) from None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the one place where an author's callable runs
            logger.error("job {} failed: {}", job.id, authors_traceback(error))
            raise Failure("The process ended with an error. The server's log has the details.") from None

    def _report(self, job: Job, percent: float, message: str) -> None:
        try:
            self.leases.progress(job, percent, message)
        except STORE_ERRORS as error:
            logger.warning("job {}: progress is not stored: {}", job.id, error)

    def _store(self, job: Job, returned: Any) -> list[StoredOutput]:
        try:
            outputs = self.outputs_of(job.process_id).encode(returned)
        except InvalidOutput as error:
            logger.error("job {} failed: {}", job.id, error)
            raise Failure("The process returned something that its description does not allow.") from None
        return self.results.write(job.id, job.attempt, outputs)

    def _cache(self, execution: Execution, stored: list[StoredOutput]) -> None:
        """Before the commit, so that whoever hears of the end finds them."""
        seconds = cache_seconds(execution.process, self.settings)
        if seconds is None:
            return
        try:
            result_cache.put(self.cache, self.results, execution.key, stored, seconds)
        except STORE_ERRORS as error:
            logger.warning("outputs of {} are not cached: {}", execution.process.id, error)


def call(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a plain or an async function."""
    returned = function(**arguments)
    return asyncio.run(_finish(returned)) if inspect.isawaitable(returned) else returned


async def _finish(awaitable: Any) -> Any:
    return await awaitable


def authors_traceback(error: BaseException) -> str:
    """The traceback without our own frames, and without the values of variables."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_OURS)]
    return "".join([*traceback.format_list(frames), *traceback.format_exception_only(error)]).strip()


_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
