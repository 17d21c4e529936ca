"""Every error that this server raises on purpose, each with its problem document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

MOST_COMPLAINTS = 100
"""In one answer."""
LONGEST_TEXT = 1000
"""Characters of a complaint's path, and of its message."""

LONGEST_ECHO = 200
"""Characters of an id, a path or a header of a request that a problem repeats."""

EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"


class ProcessError(Exception):
    """What a callable raises to fail its job with a text of its own.

    Clients read exactly this text; of any other exception they learn only that there was one.
    """


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong with a request: where it is, as a JSON path, and what to do about it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"

    @property
    def short(self) -> "Complaint":
        """Names and values of requests are in it, and those may be as long as a body."""
        return Complaint(_short(self.path), _short(self.message))


def _short(text: str, longest: int = LONGEST_TEXT) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def echo(text: str) -> str:
    """What a client has sent, as a problem repeats it."""
    return _short(text, LONGEST_ECHO)


class Problem(Exception):
    """An error for a client, in the terms of RFC 9457."""

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    type: str = "about:blank"
    title: str = "Internal Server Error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def document(self, instance: str) -> dict[str, Any]:
        """exception.yaml; `instance` is where it happened, as a URL or a path."""
        own = {"type": self.type, "title": self.title, "status": self.status, "detail": self.detail}
        return {**own, "instance": echo(instance), **self.members()}

    def members(self) -> dict[str, Any]:
        """Members of the problem document beside those that every problem has."""
        return {}

    def headers(self) -> dict[str, str]:
        return {}


class NoSuchProcess(Problem):
    """/req/core/process-exception/no-such-process"""

    status = HTTPStatus.NOT_FOUND
    type = EXCEPTIONS + "no-such-process"
    title = "No such process"


class NoSuchJob(Problem):
    """/req/core/job-exception-no-such-job"""

    status = HTTPStatus.NOT_FOUND
    type = EXCEPTIONS + "no-such-job"
    title = "No such job"


class ResultNotReady(Problem):
    """/req/core/job-results-exception/results-not-ready"""

    status = HTTPStatus.NOT_FOUND
    type = EXCEPTIONS + "result-not-ready"
    title = "Result not ready"


class JobIsGone(Problem):
    """The job was dismissed, removed or has expired, and left only a mark."""

    status = HTTPStatus.GONE
    type = EXCEPTIONS + "no-such-job"
    title = "Job is gone"


class ResultNotAvailable(Problem):
    """The job was dismissed: there will be no results."""

    status = HTTPStatus.GONE
    type = EXCEPTIONS + "result-not-available"
    title = "Result not available"


class NoSuchOutput(Problem):
    """The job has no result of that name."""

    status = HTTPStatus.NOT_FOUND
    type = EXCEPTIONS + "no-such-output"
    title = "No such output"


class InvalidRequest(Problem):
    """/req/core/process-execute-input-validation, and the rule of OGC API - Common for query parameters."""

    status = HTTPStatus.BAD_REQUEST
    type = EXCEPTIONS + "InvalidParameterValue"
    title = "Invalid request"

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        more = len(complaints) - MOST_COMPLAINTS
        self.complaints = tuple(complaint.short for complaint in complaints[:MOST_COMPLAINTS])
        super().__init__("; ".join(map(str, self.complaints)) + (f"; and {more} more" if more > 0 else ""))

    def members(self) -> dict[str, Any]:
        return {"errors": [{"path": c.path, "message": c.message} for c in self.complaints]}


class Unauthorized(Problem):
    """Nobody is known to send it, or what was to show who does is wrong (RFC 6750, section 3).

    `fault` is what is wrong with it, empty where nothing was shown.
    """

    status = HTTPStatus.UNAUTHORIZED
    title = "Unauthorized"
    is_guess = True
    """Whether it may be one, where something was shown."""

    def __init__(self, detail: str, fault: str = "") -> None:
        super().__init__(detail)
        self.fault = fault

    def headers(self) -> dict[str, str]:
        fault = f', error="invalid_token", error_description="{self.fault}"' if self.fault else ""
        return {"WWW-Authenticate": f'Bearer realm="processes"{fault}'}


class TokenHasExpired(Unauthorized):
    """Whoever shows it was let in before."""

    is_guess = False


class Forbidden(Problem):
    """The caller is known, and may not do this."""

    status = HTTPStatus.FORBIDDEN
    title = "Forbidden"


class MistakenHost(Problem):
    """The header `Host` names no host, or two."""

    status = HTTPStatus.BAD_REQUEST
    title = "Bad Request"


class MisdirectedRequest(Problem):
    """The header `Host` names somebody else (RFC 9110, section 15.5.20)."""

    status = HTTPStatus.MISDIRECTED_REQUEST
    title = "Misdirected Request"


class ForeignOrigin(Problem):
    """A page of another site sends what only our own pages, or those that the settings name, may send."""

    status = HTTPStatus.FORBIDDEN
    title = "Forbidden"


class TooSlow(Problem):
    """The body of a request did not come in time."""

    status = HTTPStatus.REQUEST_TIMEOUT
    title = "Request Timeout"

    def headers(self) -> dict[str, str]:
        return {"Connection": "close"}


class TooLarge(Problem):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "Content too large"


class UnsupportedMediaType(Problem):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "Unsupported media type"


class JobFailed(Problem):
    """/req/core/job-results-failed: the cause, as the worker recorded it."""

    def __init__(self, cause: Mapping[str, Any]) -> None:
        super().__init__(str(cause["detail"]))
        self.status, self.type, self.title = int(cause["status"]), str(cause["type"]), str(cause["title"])


class KeyReused(Problem):
    """An Idempotency-Key came again, with another request (draft-ietf-httpapi-idempotency-key-header)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Idempotency-Key is already used"


class SyncTimeout(Problem):
    """A synchronous execution took longer than the server lets a client wait."""

    status = HTTPStatus.GATEWAY_TIMEOUT
    title = "Gateway Timeout"


class Unavailable(Problem):
    """Redis is away or takes no jobs, or every worker is away; what was asked may work in a moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Service Unavailable"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}


class QueueIsFull(Unavailable):
    """As many jobs wait as may; `seconds` is when to come again."""

    title = "The queue is full"

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


class QuotaExceeded(Problem):
    """One client asks for more than it may (draft-ietf-httpapi-ratelimit-headers, section 4)."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    type = "https://iana.org/assignments/http-problem-types#quota-exceeded"
    title = "Too many requests"
    policy: str
    """Name of the quota."""
    seconds = 10
    """After which to come again."""

    def members(self) -> dict[str, Any]:
        return {"violated-policies": [self.policy]}

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


class TooManyRequests(QuotaExceeded):
    """In a time."""

    policy = "requests"

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds


class TooManyRefusals(TooManyRequests):
    """With wrong keys or tokens, from one address."""

    title = "Too many wrong keys"
    policy = "wrong-keys"


class TooManyJobs(QuotaExceeded):
    """That wait or run at once."""

    title = "Too many jobs"
    policy = "jobs"


class StartError(Exception):
    """The server cannot start; the message says why and what to do, and nothing else is printed."""


class UsageError(StartError):
    """A command is called in a way that has no meaning."""
