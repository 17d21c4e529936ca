"""A running server, asked as any client asks one: submit, watch, fetch."""

import base64
import re
import sys
import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
import orjson

from ..errors import StartError, UsageError
from ..execution.media_type import BINARY, JSON, TEXT, Kind, is_json
from ..execution.outputs import EncodedOutput
from .trial import Report

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Seconds between two looks at a job."""

PATIENCE = 60
"""Seconds that a server may be away while its job runs: jobs outlive its restart."""

RESULTS = ("http://www.opengis.net/def/rel/ogc/1.0/results", "results")


NONE: Mapping[str, str] = {}
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)[ \t]*")
"""RFC 9110, in ASCII."""


def read_headers(texts: Iterable[str]) -> dict[str, str]:
    """By name. Raises UsageError, which does not repeat a value, as it may be secret."""
    headers: dict[str, str] = {}
    for text in texts:
        if not (read := HEADER.fullmatch(text)):
            raise UsageError(f"--header {text.partition(':')[0]!r}: headers are written 'Name: value'")
        headers[read[1]] = read[2]
    return headers


class RemoteServer:
    """Everything that it does not answer with success is a StartError with its words.

    `headers` go to this server alone, whatever it links or redirects to: they may be credentials.
    """

    def __init__(self, url: str, headers: Mapping[str, str] = NONE) -> None:
        self.url = url.rstrip("/")
        self.headers = headers
        self.client = httpx.Client(
            follow_redirects=True,
            timeout=30,
            headers={"Accept": "application/json"},
            event_hooks={"request": [self._add_headers]},
        )

    def _add_headers(self, request: httpx.Request) -> None:
        is_own = _origin(request.url) == _origin(httpx.URL(self.url))
        for name, value in self.headers.items():
            if is_own:
                request.headers[name] = value
            else:
                request.headers.pop(name, None)  # a redirect keeps those of the first request

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.client.close()

    def description(self, process_id: str) -> dict[str, Any]:
        document: dict[str, Any] = self._json(self._ask("GET", self._process(process_id)))
        return document

    def run(self, process_id: str, inputs: Mapping[str, Any], report: Report) -> list[EncodedOutput]:
        """As a job, where the server offers that. KeyboardInterrupt dismisses it."""
        answer = self._ask(
            "POST",
            f"{self._process(process_id)}/execution",
            json={"inputs": inputs, "response": "document"},
            headers={"Prefer": "respond-async"},
            timeout=httpx.Timeout(30, read=None),
        )
        if answer.status_code != httpx.codes.CREATED:
            return self._outputs(self._json(answer))
        job = str(answer.url.join(answer.headers.get("location", "")))
        try:
            status = self._watch(job, report)
        except KeyboardInterrupt:
            self._ask("DELETE", job)
            print(f"dismissed: {job}", file=sys.stderr)  # noqa: T201 - the command's voice
            raise
        return self._outputs(self._json(self._ask("GET", _results_of(status, job))))

    def _watch(self, job: str, report: Report) -> Mapping[str, Any]:
        """The status info of the finished job."""
        pause, answered = FIRST_PAUSE, time.monotonic()
        while True:
            try:
                status: dict[str, Any] = self._json(self._ask("GET", job))
                answered = time.monotonic()
                report(float(status.get("progress") or 0), str(status.get("message") or status.get("status")))
                if status.get("status") in ("successful", "failed", "dismissed"):
                    return status
            except Away:
                if time.monotonic() - answered > PATIENCE:
                    raise
            time.sleep(pause)
            pause = min(1.3 * pause, LONGEST_PAUSE)

    def _outputs(self, document: Mapping[str, Any]) -> list[EncodedOutput]:
        """results.yaml"""
        return [self._output(name, value) for name, value in document.items()]

    def _output(self, name: str, value: Any) -> EncodedOutput:
        match value:
            case {"href": str(href)}:
                answer = self._ask("GET", href, headers={"Accept": "*/*"})
                media_type = answer.headers.get("content-type", BINARY)
                is_text = media_type.startswith("text/")
                kind = Kind.JSON if is_json(media_type) else Kind.TEXT if is_text else Kind.BINARY
                return EncodedOutput(name, media_type, kind, answer.content)
            case {"value": str(text), "encoding": "base64"}:
                return EncodedOutput(name, value.get("mediaType", BINARY), Kind.BINARY, base64.b64decode(text))
            case {"value": inner}:
                return _plain(name, inner, value.get("mediaType"))
            case _:
                return _plain(name, value, None)

    def _process(self, process_id: str) -> str:
        return f"{self.url}/processes/{quote(process_id, safe='')}"

    def _ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        try:
            response = self.client.request(method, url, **options)
        except httpx.TransportError as error:
            raise Away(f"{url}: the server cannot be reached: {error}") from None
        except httpx.InvalidURL as error:
            raise StartError(f"{url}: {error}") from None
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise Away(_problem(response))
        if not response.is_success:
            raise StartError(_problem(response))
        return response

    def _json(self, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            raise StartError(f"{response.url}: the answer is not JSON; is this an OGC API - Processes?") from None


class Away(StartError):
    """The server may be back in a moment."""


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, port


def _results_of(status: Mapping[str, Any], job: str) -> str:
    """The link of the status info, or the address that the standard gives; of a failed job it answers with why."""
    for link in status.get("links") or ():
        if link.get("rel") in RESULTS:
            return str(httpx.URL(job).join(link["href"]))
    return f"{job}/results"


def _plain(name: str, value: Any, media_type: str | None) -> EncodedOutput:
    if isinstance(value, str):
        return EncodedOutput(name, media_type or TEXT, Kind.TEXT, value.encode())
    return EncodedOutput(name, media_type or JSON, Kind.JSON, orjson.dumps(value))


def _problem(response: httpx.Response) -> str:
    """The complaints of a problem document with their paths, else its detail."""
    try:
        problem = response.json()
        errors = [f"{error['path']}: {error['message']}" for error in problem.get("errors") or ()]
        said = "\n".join(errors) or str(problem.get("detail") or problem["title"])
    except (ValueError, LookupError, TypeError, AttributeError):
        said = response.reason_phrase
    return f"{said} (status {response.status_code})" if said == response.reason_phrase else said
