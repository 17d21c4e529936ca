"""JSON documents as responses, and those that stay as they are, encoded once."""

import asyncio
import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import Request, Response

from ..links import JSON, Link

MOST_KEPT_BYTES = 64 * 1024**2
URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"
"""What stays as it is in a URL that is a URL already."""
URL = re.compile(rf"[A-Za-z0-9_.\-{re.escape(URL_CHARACTERS)}]*")


@dataclass(frozen=True)
class Document:
    """An encoded document, with the entity tag of exactly these bytes."""

    body: bytes
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    is_compressible: bool = False
    """Whether it comes compressed where that is welcome."""

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    @cached_property
    def whole(self) -> Response:
        """As an answer that is sent again and again, as the next two are."""
        return Response(self.body, media_type=self.media_type, headers=self._kept_headers)

    @cached_property
    def compressed(self) -> Response:
        headers = {**self._kept_headers, "Content-Encoding": "gzip"}
        return Response(gzip.compress(self.body, mtime=0), media_type=self.media_type, headers=headers)

    @cached_property
    def unchanged(self) -> Response:
        return Response(status_code=304, headers=self._kept_headers)

    @property
    def _kept_headers(self) -> dict[str, str]:
        return {
            "ETag": f"W/{self.etag}" if self.is_compressible else self.etag,
            "Vary": "Accept, Accept-Encoding" if self.is_compressible else "Accept",
            **self.headers,
        }

    def response(self, status: int = 200) -> Response:
        """As it is now; the next request may get another one."""
        headers = {"Cache-Control": "no-store", "Vary": "Accept", **self.headers}
        return Response(self.body, status_code=status, media_type=self.media_type, headers=headers)


def encode(document: Mapping[str, Any], *, links: Sequence[Link] = (), media_type: str = JSON) -> Document:
    """With its links, or these, in a `Link` header too (/rec/core/link-header)."""
    shown = links or document.get("links", ())
    return Document(orjson.dumps(document), media_type, {"Link": link_header(shown)} if shown else {})


def is_known(request: Request, etag: str) -> bool:
    """If-None-Match (RFC 9110, 13.1.2), by weak comparison."""
    sent = request.headers.get("if-none-match")
    if sent is None:
        return False
    known = [tag.strip().removeprefix("W/") for tag in sent.split(",")]
    return etag.removeprefix("W/") in known or known == ["*"]


def document_response(request: Request, document: Document) -> Response:
    """For GET and HEAD; 304 to a client that has the document already."""
    if is_known(request, document.etag):
        return document.unchanged
    return document.compressed if document.is_compressible and takes_gzip(request) else document.whole


def takes_gzip(request: Request) -> bool:
    """Accept-Encoding (RFC 9110, 12.5.3); who does not name it gets none."""
    items = (item.replace(" ", "").lower() for item in request.headers.get("accept-encoding", "").split(","))
    return any(re.fullmatch(r"gzip(;q=(1|0\.\d*[1-9]\d*).*)?", item) for item in items)


class KeptDocuments:
    """What follows from registry, settings and base URL alone; the longest unused go first where it gets much."""

    def __init__(self, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self.most_bytes = most_bytes
        self.documents: OrderedDict[Hashable, Document] = OrderedDict()
        self.size = 0

    async def get(self, key: Hashable, make: Callable[[], Document]) -> Document:
        """The document, made in a thread of its own where it is not there."""
        kept = self.documents.get(key)
        if kept is None:
            kept = await asyncio.to_thread(make)
            self._keep(key, kept)
        self.documents.move_to_end(key)
        return kept

    def _keep(self, key: Hashable, document: Document) -> None:
        if earlier := self.documents.pop(key, None):
            self.size -= len(earlier.body)
        self.documents[key] = document
        self.size += len(document.body)
        while self.size > self.most_bytes and len(self.documents) > 1:
            _, dropped = self.documents.popitem(last=False)
            self.size -= len(dropped.body)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The part of the kept documents that is for those who see the same."""

    kept: KeptDocuments
    name: Hashable = None

    async def get(self, key: Hashable, make: Callable[[], Document]) -> Document:
        return await self.kept.get((self.name, key), make)

    def part(self, name: Hashable) -> "Shelf":
        return Shelf(self.kept, name)


def json_response(
    document: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = JSON
) -> Response:
    return Response(orjson.dumps(document), status_code=status, media_type=media_type, headers=dict(headers or {}))


def link_header(links: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(f"<{_target(link['href'])}>{_attributes(*_about(link))}" for link in links)


def _about(link: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return (pair for pair in link.items() if pair[0] != "href")


def _target(href: str) -> str:
    return href if URL.fullmatch(href) else quote(href, safe=URL_CHARACTERS)


@lru_cache(maxsize=1024)
def _attributes(*pairs: tuple[str, str]) -> str:
    return "".join(f"; {_attribute(name, value)}" for name, value in pairs)


def _attribute(name: str, value: str) -> str:
    """RFC 8288, section 3.4.1; what ASCII cannot say in the way of RFC 8187."""
    if value.isascii() and value.isprintable() and not set(value) & set('"\\'):
        return f'{name}="{value}"'
    return f"{name}*=UTF-8''{quote(value, safe='')}"
