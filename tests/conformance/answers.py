"""What every answer of one kind must be, and how tests read it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Any

import httpx
from standard_schemas import assert_fits

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

Document = dict[str, Any]


def document_of(response: httpx.Response, schema: str, *, status: int = 200) -> Document:
    """A document of the standard: of its media type, by its schema, with whole links and without null members."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == JSON
    document: Document = response.json()
    assert_fits(document, schema)
    assert_no_null(document)
    for link in every_link(document):
        assert re.match(r"https?://[^/]+/", link["href"]), link
        assert link.keys() >= {"href", "rel", "type", "title"}, link
    return document


def assert_no_null(document: Any) -> None:
    """Schemas apart: their `enum` and `default` may hold a null."""
    if isinstance(document, dict):
        for name, value in document.items():
            assert value is not None, f"{name} is null"
            if name != "schema":
                assert_no_null(value)
    elif isinstance(document, list):
        for item in document:
            assert_no_null(item)


def every_link(document: Any) -> Iterator[dict[str, str]]:
    """Those of the document and of the summaries or jobs in it."""
    yield from document.get("links", [])
    for inner in [*document.get("processes", []), *document.get("jobs", [])]:
        yield from inner.get("links", [])


def links_of(document: Document, rel: str) -> list[dict[str, str]]:
    return [link for link in document["links"] if link["rel"] == rel]


def link_of(document: Document, rel: str) -> dict[str, str]:
    links = links_of(document, rel)
    assert len(links) == 1, f"{len(links)} links {rel}"
    return links[0]


def problem_of(response: httpx.Response, status: int, kind: str | None = None) -> Document:
    """/rec/core/problem-details; `kind` is the type below the address of the standard's exceptions."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] in (PROBLEM_JSON, JSON)
    problem: Document = response.json()
    assert_fits(problem, "exception.yaml")
    assert_no_null(problem)
    assert problem["type"], "a problem has a type"
    assert problem["status"] == status
    assert kind is None or problem["type"] == EXCEPTIONS + kind
    return problem


@dataclass(frozen=True)
class Part:
    media_type: str
    location: str | None
    body: bytes


def parts_of(response: httpx.Response) -> dict[str, Part]:
    """The parts of a multipart/related answer (RFC 2387), by Content-ID."""
    assert response.status_code == 200, response.text
    header = Message()
    header["Content-Type"] = response.headers["content-type"]
    boundary = header.get_param("boundary")
    assert header.get_content_type() == "multipart/related"
    assert isinstance(boundary, str), "a multipart answer names its boundary"
    first, *pieces, last = (b"\r\n" + response.content).split(b"\r\n--" + boundary.encode())
    assert first == b"", "the payload starts with the boundary"
    assert last.strip() == b"--"
    return dict(map(_part, pieces))


def _part(piece: bytes) -> tuple[str, Part]:
    head, _, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = message_from_bytes(head)
    content_id = headers["Content-ID"]
    assert content_id, "a part has a Content-ID"
    return content_id.strip("<>"), Part(headers["Content-Type"], headers["Content-Location"], body)


def targets_of(response: httpx.Response) -> list[Mapping[str, str]]:
    """Of the `Link` headers."""
    pattern = re.compile(r"<([^>]*)>((?:\s*;\s*[\w*]+=(?:\"[^\"]*\"|[^\",;]*))*)")
    return [
        {"href": href, **dict(re.findall(r"([\w*]+)=\"?([^\";]*)\"?", parameters))}
        for header in response.headers.get_list("link")
        for href, parameters in pattern.findall(header)
    ]


def pages_of(client: httpx.Client, url: str, schema: str) -> Iterator[Document]:
    """This page of a list and those that its next links lead to."""
    seen = set()
    while url:
        assert url not in seen, f"{url} leads to itself"
        seen.add(url)
        page = document_of(client.get(url), schema)
        yield page
        url = next((link["href"] for link in links_of(page, "next")), "")
