"""Runs jobs in a child of a worker: claim, call, encode, commit."""

import asyncio
import hashlib
import inspect
import os
import signal
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from secrets import token_hex
from types import FrameType
from typing import Any

import orjson
from celery.exceptions import SoftTimeLimitExceeded
from loguru import logger

from ..errors import EXCEPTIONS, ProcessError
from ..execution.guard import Guard
from ..execution.inputs import InputsReader, Unreadable
from ..execution.outputs import InvalidOutput, OutputsWriter, StoredOutput, read_manifest, write_manifest
from ..execution.references import OwnOutput, Reference, Unreachable
from ..execution.request import Execution, read_execution
from ..fail_points import fail_point
from ..jobs import cache as result_cache
from ..jobs.connection import STORE_ERRORS, connect
from ..jobs.leases import Claim, Leases
from ..jobs.lifetimes import cache_seconds
from ..jobs.record import Job, Status
from ..jobs.results import ResultStore
from ..processes.callables import load_callable
from ..processes.description import Process
from ..processes.registry import Registry
from ..settings import Settings
from .arguments import Fetching, make_arguments
from .context import Context

SOFT_LIMIT, CANCEL = signal.SIGUSR1, signal.SIGUSR2
"""How the keeper speaks to a child: raise `SoftTimeLimitExceeded` in the callable; tell it that it was cancelled."""


class Failure(Exception):
    """The attempt failed; the problem document that clients read."""

    def __init__(self, detail: str, title: str = "The process failed", kind: str = "process-failed") -> None:
        detail = detail.encode("utf-8", errors="replace").decode()  # a lone surrogate could not be written
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
        self.is_as_checked = cache(lambda process_id: _is_as_checked(registry[process_id], settings.processes_dir))

    def enter_child(self) -> None:
        """A process group of its own, so that whatever a callable starts can be ended with it."""
        os.setpgid(0, 0)
        self.leases = Leases(connect(self.settings.broker_url.get_secret_value()), self.owner, ())
        self.cache = connect(self.settings.result_cache_url.get_secret_value())

    def _on_soft_limit(self, _number: int, _frame: FrameType | None) -> None:
        if self.context:
            self.context.cancelled = True
            raise SoftTimeLimitExceeded

    def _on_cancel(self, _number: int, _frame: FrameType | None) -> None:
        if self.context:
            self.context.cancelled = True

    def run(self, job_id: str) -> None:
        """What the task does. A duplicate message finds nothing to do."""
        signal.signal(SOFT_LIMIT, self._on_soft_limit)  # here, as the pool sets a handler of its own before
        signal.signal(CANCEL, self._on_cancel)
        fail_point("received", job_id)
        claim = self.leases.claim(job_id)
        if claim is None:
            return
        job = claim.job
        fail_point("claimed", job.id)
        logger.info("job {} running: {} {}, attempt {}", job.id, job.process_id, job.version, job.attempt)
        status, outcome = self._attempt(claim, token_hex(4))
        fail_point("finished", job.id)
        if self.leases.commit(job.id, job.attempt, status, outcome):
            logger.info("job {} {}", job.id, status)
            return
        # The job is another's, or dismissed, and this process is about to be killed for it: it takes no new job.
        logger.warning("job {} is no longer this worker's: its outcome is dropped", job.id)
        os.kill(os.getpid(), signal.SIGKILL)

    def _attempt(self, claim: Claim, run: str) -> tuple[Status, bytes]:
        """Whatever happens, the job has an outcome; files of this run carry the name `run`."""
        job, workdir = claim.job, self.results.workdir(claim.job.id, run)
        try:
            execution = self._execution(claim)
            returned = self._call(job, execution, workdir)
            stored = self._store(execution.process, job, run, returned)
            self._cache(execution, stored, f"{job.id}-{run}")
            return Status.SUCCESSFUL, write_manifest(stored)
        except BaseException as error:  # noqa: BLE001 - the one place where an author's callable runs
            return Status.FAILED, orjson.dumps(_failure(job, error).problem)
        finally:
            self.results.remove_workdir(workdir)

    def _execution(self, claim: Claim) -> Execution:
        process = self.registry.get(claim.job.process_id)
        if process is None:
            raise Failure(f"The worker has no process {claim.job.process_id}.")
        return read_execution(process, claim.request)

    def _call(self, job: Job, execution: Execution, workdir: Path) -> Any:
        process = execution.process
        context = Context(job.id, workdir, lambda percent, message: self._report(job, percent, message))
        function = self.function_of(process.id)
        arguments = self._arguments(function, execution, context)
        if process.context_parameter:
            arguments[process.context_parameter] = context
        child = os.getpid()
        self.context = context
        try:
            return call(function, arguments)
        finally:
            self.context = None
            if os.getpid() != child:
                os._exit(0)  # the callable forked, and this is the copy

    def _arguments(self, function: Callable[..., Any], execution: Execution, context: Context) -> dict[str, Any]:
        reader = self.inputs_of(execution.process.id)
        hrefs = list(reader.hrefs(execution.inputs))
        try:
            references = self._fetch(execution, hrefs, context) if hrefs else {}
            return make_arguments(function, reader, execution.inputs, references, lambda: context.workdir)
        except Unreachable as error:
            raise Failure(f"An input cannot be fetched: {error}") from None
        except Unreadable as error:
            raise Failure("The inputs do not fit the process: " + "; ".join(map(str, error.complaints))) from None

    def _fetch(self, execution: Execution, hrefs: list[tuple[str, str]], context: Context) -> dict[str, Reference]:
        with Guard(self.settings.reference_hosts).client() as client:
            fetching = Fetching(
                client, self.settings.max_reference_size, self.results, self._own_output, lambda: context.workdir
            )
            return fetching.complete(execution, hrefs)

    def _own_output(self, reference: OwnOutput) -> StoredOutput | None:
        manifest = self.leases.manifest(reference.job_id)
        return read_manifest(manifest).get(reference.output) if manifest else None

    def _report(self, job: Job, percent: float, message: str) -> None:
        try:
            self.leases.progress(job, percent, message)
        except STORE_ERRORS as error:
            logger.warning("job {}: progress is not stored: {}", job.id, error)

    def _store(self, process: Process, job: Job, run: str, returned: Any) -> list[StoredOutput]:
        stored = self.results.write(job.id, run, self.outputs_of(process.id).encode(returned))
        size, largest = sum(output.size for output in stored), process.results.max_size
        if largest and size > largest:
            raise Failure(f"The outputs are {size} bytes, over the {largest} that the process may return.")
        return stored

    def _cache(self, execution: Execution, stored: list[StoredOutput], owner: str) -> None:
        """Before the commit, so that whoever hears of the end finds them. Failing it fails nothing else."""
        seconds = cache_seconds(execution.process, self.settings)
        if seconds is None or execution.key is None:
            return
        if not self.is_as_checked(execution.process.id):
            logger.warning("{} has changed since the start: its outputs are not cached", execution.process.id)
            return
        try:
            result_cache.put(self.cache, self.results, stored, key=execution.key, owner=owner, seconds=seconds)
        except (*STORE_ERRORS, OSError) as error:
            logger.warning("outputs of {} are not cached: {}", execution.process.id, error)


def _failure(job: Job, error: BaseException) -> Failure:
    """What clients are told. Only an author's `ProcessError` is told in its own words; the log has the rest."""
    match error:
        case Failure():
            return error
        case ProcessError():
            return Failure(str(error))
        case SoftTimeLimitExceeded():
            return Failure(
                "The process was ended by its soft time limit.", "Time limit exceeded", "time-limit-exceeded"
            )
        case InvalidOutput():
            logger.error("job {} failed: {}", job.id, error)
            return Failure("The process returned something that its description does not allow.")
        case _:
            logger.error("job {} failed: {}", job.id, authors_traceback(error))
            return Failure("The process ended with an error. The server's log has the details.")


def _is_as_checked(process: Process, folder: Path) -> bool:
    """Whether the modules are those that the fingerprint was made of: files may have changed before this import."""
    return all(
        (folder / file).is_file() and hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest
        for file, digest in process.modules.items()
    )


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
