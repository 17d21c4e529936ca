"""Inputs by reference: what `href` leads to, fetched through the guard, or left to the worker.

A JSON value up to 1 MiB is fetched and validated before the job is accepted, up to 16 MiB of them; anything else is
fetched by the worker, into a file of its workdir.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLError
from typing import Any

import httpx
import orjson

from ..errors import Complaint
from .guard import Forbidden
from .media_type import BINARY, is_json
from .outgoing import get

LARGEST_JSON = 2**20
"""Bytes of a value that is fetched before the job is accepted."""

MOST_JSON = 2**24
"""Bytes of all such values of a request."""


class Unreachable(Exception):
    """A reference that leads nowhere; the text is for the client."""


@dataclass(frozen=True, slots=True)
class FetchedValue:
    """A JSON value, parsed."""

    value: Any
    media_type: str


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """Content in a file of the worker."""

    path: Path
    media_type: str


@dataclass(frozen=True, slots=True)
class OwnOutput:
    """An output of a job of this server: no request is needed to read it."""

    job_id: str
    output: str


@dataclass(frozen=True, slots=True)
class Later:
    """The worker fetches it."""


Reference = FetchedValue | FetchedFile | OwnOutput | Later
References = Mapping[str, Reference]


class Room:
    """What is left for the values of one request in the process that reads it."""

    def __init__(self) -> None:
        self.left = MOST_JSON

    def take(self, size: int) -> bool:
        """Whether a value of so many bytes may come in."""
        fits = size <= min(self.left, LARGEST_JSON)
        self.left -= size if fits else 0
        return fits


MOST_URLS = 256
"""In a request: it costs its sender less than it costs those that are asked."""

AT_ONCE = 8
SECONDS = 30
"""For all references of a request together."""

LONGEST_SHOWN = 200
"""Letters of a URL in a text about it."""


async def resolve(
    places: Sequence[tuple[str, str]], look: Callable[[str], Awaitable[Reference]]
) -> tuple[dict[str, Reference], list[Complaint]]:
    """What each URL leads to, by `look`, and what is wrong with it, by its place in the request.

    A URL that is named twice is looked at once.
    """
    turns = asyncio.Semaphore(AT_ONCE)
    hrefs = list(dict.fromkeys(href for _, href in places))
    if len(hrefs) > MOST_URLS:
        return {}, [Complaint("$.inputs", f"refers to {len(hrefs)} URLs; a request may refer to {MOST_URLS}")]

    async def one(href: str) -> Reference | str:
        try:
            async with asyncio.timeout(SECONDS), turns:
                return await look(href)
        except Unreachable as error:
            return str(error)
        except TimeoutError:
            return TOO_SLOW

    found = dict(zip(hrefs, await asyncio.gather(*map(one, hrefs)), strict=True))
    wrong = {href: reason for href, reason in found.items() if isinstance(reason, str)}
    references = {href: reference for href, reference in found.items() if not isinstance(reference, str)}
    return references, [Complaint(place, f"{shown(href)}: {wrong[href]}") for place, href in places if href in wrong]


def shown(href: str) -> str:
    """In texts, where a URL may be as long as a body."""
    return href if len(href) <= LONGEST_SHOWN else f"{href[:LONGEST_SHOWN]}…"


async def peek(client: httpx.AsyncClient, href: str, room: Room) -> FetchedValue | Later:
    """The value, where it is JSON and there is room for it.

    Raises:
        Unreachable: the URL is none, must not be asked, does not answer with success, or lies about being JSON.
    """
    try:
        async with get(client, href) as response:
            media_type = _checked(response)
            if not is_json(media_type):
                return Later()
            body = bytearray()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > LARGEST_JSON:
                    return Later()
    except _FAILURES as error:
        raise Unreachable(_reason(error)) from None
    return FetchedValue(_parsed(body), media_type) if room.take(len(body)) else Later()


async def download(client: httpx.AsyncClient, href: str, target: Path, largest: int) -> FetchedFile:
    """The content as a file, never in memory.

    Raises:
        Unreachable: as for `peek`, and for more than `largest` bytes.
    """
    try:
        async with get(client, href) as response:
            media_type = _checked(response)
            _check_size(int(response.headers.get("content-length", 0)), largest)
            with target.open("wb") as file:
                async for piece in response.aiter_raw():
                    file.write(piece)
                    _check_size(file.tell(), largest)
    except _FAILURES as error:
        raise Unreachable(_reason(error)) from None
    return FetchedFile(target, media_type)


_FAILURES = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, SSLError, Forbidden)
"""UnicodeError: of a host name that has no meaning, SSLError: of garbage after the handshake; httpx lets both pass."""

TOO_SLOW = "the server does not answer in time"


def _checked(response: httpx.Response) -> str:
    """Its media type. What is compressed is refused: a few bytes of it may fill any memory."""
    if not response.is_success:
        raise Unreachable(f"the server answers with status {response.status_code}")
    if (encoding := response.headers.get("content-encoding", "identity").strip().lower()) not in ("", "identity"):
        raise Unreachable(f"the server sends it compressed ({encoding[:20]}), which was not asked for")
    return str(response.headers.get("content-type", BINARY))


def _check_size(size: int, largest: int) -> None:
    if size > largest:
        raise Unreachable(f"is larger than {largest} bytes, the most that may be fetched")


def _reason(error: Exception) -> str:
    match error:
        case Forbidden():
            return str(error)
        case httpx.TooManyRedirects():
            return "leads through too many redirects"
        case httpx.TimeoutException():
            return TOO_SLOW
        case httpx.ProxyError():
            return f"the proxy on the way out answers {error}"
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | UnicodeError():
            return "is no URL that can be fetched: only http and https can"
        case _:
            return "the server cannot be reached"


def _parsed(body: bytearray) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreachable(f"is called JSON and is none: {error}") from None


def as_document(references: References) -> dict[str, Any]:
    """For the stored request; what the worker has to fetch anyway is left out."""
    documents: dict[str, Any] = {}
    for href, reference in references.items():
        match reference:
            case FetchedValue(value, media_type):
                documents[href] = {"value": value, "mediaType": media_type}
            case OwnOutput(job_id, output):
                documents[href] = {"job": job_id, "output": output}
    return documents


def from_document(documents: Mapping[str, Any]) -> dict[str, Reference]:
    return {
        href: OwnOutput(document["job"], document["output"])
        if "job" in document
        else FetchedValue(document["value"], document["mediaType"])
        for href, document in documents.items()
    }


def identity(references: References) -> dict[str, str] | None:
    """What tells the contents of the references apart, for the execution's key; None where that is not known yet."""
    hashes = {}
    for href, reference in references.items():
        match reference:
            case FetchedValue(value):
                hashes[href] = hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
            case OwnOutput(job_id, output):
                hashes[href] = f"{job_id}/{output}"  # outputs never change
            case _:
                return None
    return hashes
