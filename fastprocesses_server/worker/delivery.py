"""Deliveries: what a subscriber is told, signed, and posted once. When it is tried again is the store's business."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import httpx
import orjson
from loguru import logger
from pydantic import SecretStr

from .. import traces
from ..errors import JobFailed, Problem, ResultNotAvailable
from ..execution.guard import Forbidden, guard_callbacks
from ..execution.outgoing import create_client
from ..execution.outputs import read_manifest
from ..execution.request import ResponseType, read_execution
from ..execution.results import FilePart, Presenter
from ..jobs.callbacks import Callback, Callbacks, pause_after
from ..jobs.connection import STORE_ERRORS, connect
from ..jobs.record import Status
from ..jobs.results import ResultStore
from ..jobs.status_info import status_info
from ..links import Urls
from ..processes.registry import Registry
from ..settings import Settings
from ..settings.kinds import SECRET_PREFIX
from ..trail import current, following, trace_headers

SECONDS = 10
"""For a delivery that is not large."""

SLOWEST = 2**20
"""Bytes a second that a large one must reach."""

Parts = Sequence[bytes | FilePart]


class Undeliverable(Exception):
    """There is nothing to deliver, or not from here; the text is for the log."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted; files are read piece by piece."""

    media_type: str
    parts: Parts

    def read(self) -> Iterator[bytes]:
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
            else:
                yield from part.read()

    @property
    def length(self) -> int | None:
        """Bytes as sent, where they are known before they are read."""
        lengths = [len(part) if isinstance(part, bytes) else part.length for part in self.parts]
        return None if None in lengths else sum(filter(None, lengths))

    @property
    def seconds(self) -> float:
        """What its delivery may take."""
        sizes = (len(part) if isinstance(part, bytes) else part.size for part in self.parts)
        return SECONDS + sum(sizes) / SLOWEST


class Delivery:
    """One for each worker, made in the parent; `enter_child` makes it usable in a child."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self.registry = registry
        self.settings = settings
        self.results = ResultStore(settings.results_folder)

    def enter_child(self) -> None:
        self.callbacks = Callbacks(connect(self.settings.broker_url.get_secret_value()))

    def deliver(self, job_id: str) -> None:
        """What the task does. A duplicate message finds nothing to do."""
        try:
            callback = self.callbacks.take(job_id)
            if callback:
                facts = {"ogc.job.id": job_id, "ogc.job.status": callback.status.value}
                with following(callback.job.trail), traces.span(f"tell {callback.status}", "client", facts):
                    self._deliver(callback)
        except STORE_ERRORS as error:
            logger.warning("job {job_id}: its callback waits for Redis: {}", error, job_id=job_id)

    def _deliver(self, callback: Callback) -> None:
        status: int | None = None
        asked = True
        try:
            message = self.message(callback)
            if not self.callbacks.hold(callback, 2 * message.seconds):
                return
            headers = self._headers(callback, message)
            client = create_client(guard_callbacks(self.settings), self.settings)
            status = asyncio.run(post(client, callback.uri, headers, message))
            reason = f"status {status}"
        except Undeliverable as error:
            asked, reason = False, str(error)
        except (httpx.HTTPError, Forbidden, OSError) as error:
            reason = str(error) or type(error).__name__
        pause = pause_after(status, callback.tries)
        self.callbacks.settle(callback, pause, sink_answered=status is not None if asked else None)
        _log(callback, reason, pause, is_delivered=status is not None and 200 <= status < 300)

    def message(self, callback: Callback) -> Message:
        """The document of the standard for what the job has become.

        Raises:
            Undeliverable: the process is not published here, or files of the results are gone.
        """
        job, urls = callback.job, Urls(callback.base)
        match callback.status:
            case Status.SUCCESSFUL:
                return self._results(callback, urls)
            case Status.FAILED:
                return _problem(JobFailed(orjson.loads(callback.answer)), urls.results(job.id))
            case Status.DISMISSED:
                return _problem(ResultNotAvailable(f"Job {job.id} was dismissed."), urls.results(job.id))
            case _:
                return Message("application/json", (orjson.dumps(status_info(job, urls)),))

    def _results(self, callback: Callback, urls: Urls) -> Message:
        process, job_id = self.registry.get(callback.job.process_id), callback.job.id
        if process is None:
            raise Undeliverable(f"this worker has no process {callback.job.process_id}")
        outputs = read_manifest(callback.answer)
        if not self.results.holds(outputs.values()):
            raise Undeliverable("its results have expired")
        execution = replace(read_execution(process, callback.request), response=ResponseType.DOCUMENT)
        presenter = Presenter(self.results.folder, lambda name: urls.output(job_id, name))
        return Message("application/json", presenter.present(execution, outputs).parts)

    def _headers(self, callback: Callback, message: Message) -> dict[str, str]:
        message_id, timestamp = f"{callback.job.id}.{callback.event}", str(int(time.time()))
        headers = {"Content-Type": message.media_type, "webhook-id": message_id, "webhook-timestamp": timestamp}
        headers |= trace_headers(current())
        if secret := self.settings.callback_secret:
            headers["webhook-signature"] = sign(secret, message_id, timestamp, message.read())
        return headers


def _problem(problem: Problem, instance: str) -> Message:
    return Message("application/problem+json", (orjson.dumps(problem.document(instance)),))


def sign(secret: SecretStr, message_id: str, timestamp: str, body: Iterable[bytes]) -> str:
    """`webhook-signature` of Standard Webhooks: of id, time and body, under `whsec_` and base64, or any other text."""
    text = secret.get_secret_value()
    encoded = text.removeprefix(SECRET_PREFIX)
    digest = hmac.new(text.encode() if encoded == text else base64.b64decode(encoded), digestmod=hashlib.sha256)
    digest.update(f"{message_id}.{timestamp}.".encode())
    for piece in body:
        digest.update(piece)
    return f"v1,{base64.b64encode(digest.digest()).decode()}"


async def post(client: httpx.AsyncClient, uri: str, headers: Mapping[str, str], message: Message) -> int:
    """The status of the answer, whose body nobody reads; redirects are answers too.

    Raises:
        httpx.HTTPError, Forbidden, OSError: no answer came in time, or the sink must not be asked from here any more.
    """
    length = message.length
    sized = {} if length is None else {"Content-Length": str(length)}
    async with (
        asyncio.timeout(message.seconds),
        client,
        client.stream(
            "POST",
            uri,
            content=_pieces(message),
            headers={**headers, **sized},
            timeout=SECONDS,
        ) as response,
    ):
        return response.status_code


async def _pieces(message: Message) -> AsyncIterator[bytes]:
    for piece in message.read():
        yield piece


def _log(callback: Callback, reason: str, pause: float | None, *, is_delivered: bool) -> None:
    """Without the query, which may be a secret of the subscriber."""
    uri = httpx.URL(callback.uri).copy_with(query=None, fragment=None)
    if is_delivered:
        logger.info("job {} told {} that it is {}: {}", callback.job.id, uri, callback.status, reason)
    elif pause is None:
        logger.warning(
            "job {} gives up telling {} that it is {}, after {} tries: {}",
            callback.job.id,
            uri,
            callback.status,
            callback.tries,
            reason,
        )
    else:
        logger.debug("job {} tells {} again in {} s: {}", callback.job.id, uri, pause, reason)
