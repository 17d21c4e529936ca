"""The API without a server around it, and what a request to it costs."""

import asyncio
import sys
from collections import Counter
from dataclasses import dataclass
from types import FrameType
from typing import Any

import orjson

HOST = (b"host", b"localhost")
JSON = (b"content-type", b"application/json")


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


async def ask(app: Any, method: str, path: str, *headers: tuple[bytes, bytes], body: bytes = b"") -> Answer:
    """One request by a client that stays until it is answered."""
    came = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return came.pop() if came else await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    where, _, query = path.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": where,
        "raw_path": where.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [HOST, JSON, *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))


class Calls:
    """Counts the calls of Python functions between its begin and its end, whoever makes them in this thread."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return self.counted.total()

    def __enter__(self) -> "Calls":
        self.before = sys.getprofile()
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self.before)

    def _count(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self.counted[frame.f_code.co_qualname] += 1
