"""Why an attempt failed: what clients are told of it, and what the log is."""

from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from loguru import logger

from ..errors import EXCEPTIONS, ProcessError
from ..execution.outputs import InvalidOutput
from ..jobs.record import Job
from ..log_lines import DETAILS
from ..processes.frames import authors_traceback
from ..processes.quantities import as_text


class Failure(Exception):
    """The attempt failed; the problem document that clients read, and the cause, which is for the author alone."""

    def __init__(
        self, detail: str, title: str = "The process failed", kind: str = "process-failed", cause: str = ""
    ) -> None:
        detail = detail.encode("utf-8", errors="replace").decode()  # a lone surrogate could not be written
        super().__init__(detail)
        self.problem: dict[str, Any] = {"type": EXCEPTIONS + kind, "title": title, "status": 500, "detail": detail}
        self.cause = cause


class Unfit(Exception):
    """This worker's version of the process cannot run the job; the text says what the job waits for."""

    @property
    def problem(self) -> dict[str, Any]:
        return Failure(
            f"No worker could run the process: the job {self}.", "No fitting worker", "no-fitting-worker"
        ).problem


def failure(job: Job, error: BaseException) -> Failure:
    """What clients are told; the log has the cause."""
    failed = explained(error)
    if failed.cause:
        logger.bind(**{DETAILS: failed.cause}).error("job {} failed", job.id)
    return failed


def explained(error: BaseException) -> Failure:
    """Only an author's `ProcessError` is told to clients in its own words."""
    match error:
        case Failure():
            return error
        case ProcessError():
            return Failure(str(error))
        case SoftTimeLimitExceeded():
            return timed_out("soft")
        case InvalidOutput():
            return Failure("The process returned something that its description does not allow.", cause=str(error))
        case _:
            said = "The process ended with an error. The server's log has the details."
            return Failure(said, cause=authors_traceback(error))


def over_soft_limit() -> Exception:
    """What a callable gets that is over its soft time limit."""
    return SoftTimeLimitExceeded()


def timed_out(limit: str) -> Failure:
    return Failure(f"The process was ended by its {limit} time limit.", "Time limit exceeded", "time-limit-exceeded")


def out_of_memory(limit: int, progress: int) -> Failure:
    return Failure(
        f"The process was killed: over {as_text(limit)} at {progress} %.",
        "Memory limit exceeded",
        "memory-limit-exceeded",
    )


def too_large(size: int, largest: int) -> Failure:
    text = f"The outputs are {as_text(size)}, over the {as_text(largest)} that the process may return."
    return Failure(text, "Result size limit exceeded", "result-size-limit-exceeded")
