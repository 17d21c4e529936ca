"""Inputs by reference: what `href` leads to, fetched through the guard, or left to the worker.

A JSON value up to 1 MiB is fetched and validated before the job is accepted; anything else is fetched by the worker,
into a file of its workdir.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from ..errors import Complaint
from .guard import Forbidden
from .media_type import BINARY, is_json

LARGEST_JSON = 2**20
"""Bytes of a value that is fetched before the job is accepted."""


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


AT_ONCE = 8
SECONDS = 30
"""For all references of a request together."""


async def resolve(
    places: Sequence[tuple[str, str]], look: Callable[[str], Awaitable[Reference]]
) -> tuple[dict[str, Reference], list[Complaint]]:
    """What each URL leads to, by `look`, and what is wrong with it, by its place in the request."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(place: str, href: str) -> Reference | Complaint:
        try:
            async with asyncio.timeout(SECONDS), turns:
                return await look(href)
        except Unreachable as error:
            return Complaint(place, f"{href}: {error}")
        except TimeoutError:
            return Complaint(place, f"{href}: the server does not answer in time")

    found = await asyncio.gather(*(one(place, href) for place, href in places))
    references = {href: one for (_, href), one in zip(places, found, strict=True) if not isinstance(one, Complaint)}
    return references, [one for one in found if isinstance(one, Complaint)]


async def peek(client: httpx.AsyncClient, href: str) -> FetchedValue | Later:
    """The value, where it is small and JSON.

    Raises:
        Unreachable: the URL is none, must not be asked, does not answer with success, or lies about being JSON.
    """
    try:
        async with client.stream("GET", href) as response:
            media_type = _checked(response)
            if not is_json(media_type):
                return Later()
            body = b""
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > LARGEST_JSON:
                    return Later()
    except _FAILURES as error:
        raise Unreachable(_reason(error)) from None
    return FetchedValue(_parsed(body), media_type)


def download(client: httpx.Client, href: str, target: Path, largest: int) -> FetchedFile:
    """The content as a file, never in memory.

    Raises:
        Unreachable: as for `peek`, and for more than `largest` bytes.
    """
    try:
        with client.stream("GET", href) as response, target.open("wb") as file:
            media_type = _checked(response)
            for piece in response.iter_bytes():
                file.write(piece)
                if file.tell() > largest:
                    raise Unreachable(f"is larger than {largest} bytes")
    except _FAILURES as error:
        raise Unreachable(_reason(error)) from None
    return FetchedFile(target, media_type)


_FAILURES = (httpx.HTTPError, httpx.InvalidURL, Forbidden)


def _checked(response: httpx.Response) -> str:
    if not response.is_success:
        raise Unreachable(f"the server answers with status {response.status_code}")
    return str(response.headers.get("content-type", BINARY))


def _reason(error: Exception) -> str:
    match error:
        case Forbidden():
            return str(error)
        case httpx.TooManyRedirects():
            return "leads through too many redirects"
        case httpx.TimeoutException():
            return "the server does not answer in time"
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return "is no URL that can be fetched: only http and https can"
        case _:
            return "the server cannot be reached"


def _parsed(body: bytes) -> Any:
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
