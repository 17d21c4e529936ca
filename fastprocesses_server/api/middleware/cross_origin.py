"""Cross-origin requests (CORS), by Starlette: who names no origin is only told that others may see other headers."""

from collections.abc import Iterable

from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send


class CrossOrigin(CORSMiddleware):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or any(name == b"origin" for name, _ in scope["headers"]):
            await super().__call__(scope, receive, send)
            return

        async def varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _varying(message["headers"])
            await send(message)

        await self.app(scope, receive, varying)


def _varying(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """In one line: some caches know no more than one."""
    named, others = [b"Origin"], []
    for header in headers:
        if header[0] == b"vary":
            named.insert(-1, header[1])
        else:
            others.append(header)
    return [*others, (b"vary", b", ".join(named))]
