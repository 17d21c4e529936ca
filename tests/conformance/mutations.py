"""Answers of the server, spoiled on their way to the client, each in one way that a conforming server never shows."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx

OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: bytes


Send = Callable[[httpx.Request], Answer]
Mutation = Callable[[httpx.Request, Send], Answer]
Change = Callable[[Answer], Answer]


class MutatingTransport(httpx.BaseTransport):
    """HTTP with a mutation between client and server; `changed` counts what it spoiled."""

    def __init__(self, mutation: Mutation) -> None:
        self.mutation = mutation
        self.wire = httpx.HTTPTransport()
        self.changed = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        plain: list[Answer] = []

        def send(asked: httpx.Request) -> Answer:
            self.changed += asked is not request
            response = self.wire.handle_request(asked)
            plain.append(Answer(response.status_code, response.headers, response.read()))
            return plain[-1]

        answer = self.mutation(request, send)
        self.changed += answer != plain[-1]
        headers = [(name, value) for name, value in answer.headers.multi_items() if name not in OF_THE_WIRE]
        return httpx.Response(
            answer.status, headers=headers, content=answer.body, extensions={"http_version": b"HTTP/1.1"}
        )

    def close(self) -> None:
        self.wire.close()


def at(pattern: str, change: Change) -> Mutation:
    """Changes the answers to requests such as `GET /jobs/x`, query apart, that the pattern fits."""

    def mutation(request: httpx.Request, send: Send) -> Answer:
        answer = send(request)
        return change(answer) if re.fullmatch(pattern, f"{request.method} {request.url.path}") else answer

    return mutation


def asking(pattern: str, change: Callable[[httpx.Request], httpx.Request]) -> Mutation:
    """Sends another request in place of those that the pattern fits, as if the server had not read all of it."""

    def mutation(request: httpx.Request, send: Send) -> Answer:
        fits = re.fullmatch(pattern, f"{request.method} {request.url.path}")
        return send(change(request)) if fits else send(request)

    return mutation


def status(wrong: int, *, instead_of: int) -> Change:
    return lambda answer: replace(answer, status=wrong) if answer.status == instead_of else answer


def header(name: str, value: str | None) -> Change:
    """With another value, or without the header."""

    def change(answer: Answer) -> Answer:
        if name not in answer.headers:
            return answer
        others = [(key, text) for key, text in answer.headers.multi_items() if key.lower() != name]
        return replace(answer, headers=httpx.Headers([*others, *([(name, value)] if value is not None else [])]))

    return change


def body(old: bytes, new: bytes) -> Change:
    """Every place where the regular expression fits."""
    return lambda answer: replace(answer, body=re.sub(old, new, answer.body))


def document(change: Callable[[dict[str, Any]], object]) -> Change:
    """The change works on the JSON object itself."""

    def changed(answer: Answer) -> Answer:
        if "json" not in answer.headers.get("content-type", ""):
            return answer
        members = json.loads(answer.body)
        change(members)
        return replace(answer, body=json.dumps(members).encode())

    return changed


def member(name: str, value: Any) -> Change:
    return document(lambda members: members.__setitem__(name, value))


def without(name: str) -> Change:
    return document(lambda members: members.pop(name, None))


def link(rel: str, /, **members: str) -> Change:
    """Other members for the links of that relation."""
    return document(lambda shown: [found.update(members) for found in shown["links"] if found["rel"].endswith(rel)])


def without_link(rel: str) -> Change:
    return document(lambda shown: shown.update(links=[found for found in shown["links"] if found["rel"] != rel]))


def without_query(*names: str) -> Callable[[httpx.Request], httpx.Request]:
    def change(request: httpx.Request) -> httpx.Request:
        url = request.url
        for name in names:
            url = url.copy_remove_param(name)
        return request if url == request.url else httpx.Request(request.method, url, headers=request.headers)

    return change


def with_header(name: str, value: str) -> Callable[[httpx.Request], httpx.Request]:
    def change(request: httpx.Request) -> httpx.Request:
        return httpx.Request(
            request.method, request.url, headers={**request.headers, name: value}, content=request.content
        )

    return change
