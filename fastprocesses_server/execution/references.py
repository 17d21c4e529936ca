"""Inputs by reference: what `href` leads to, fetched through the guard, or left to the worker.

A JSON value up to 1 MiB is fetched and validated before the job is accepted, up to 16 MiB of them; anything else is
fetched by the worker, into a file of its workdir.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ..errors import Complaint

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

TOO_SLOW = "the server does not answer in time"


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
