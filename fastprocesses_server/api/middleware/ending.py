"""The end of the API process, as those hear of it whose answers take long, and those who keep their connections."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Ending:
    """Set once, by who serves the API."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def begin(self) -> None:
        self.event.set()

    @property
    def has_begun(self) -> bool:
        return self.event.is_set()

    async def begins_within(self, seconds: float) -> bool:
        """Whether the process ends now, after a pause of so many seconds where it does not."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.event.wait(), seconds)
        return self.event.is_set()


class LastAnswers:
    """Middleware: from the beginning of the end, each answer is the last on its connection.

    A client that keeps one would else send its next request when the process closes it, and could not tell whether it
    was read.
    """

    def __init__(self, app: ASGIApp, ending: Ending) -> None:
        self.app = app
        self.ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and self.ending.has_begun:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self.app(scope, receive, told if scope["type"] == "http" else send)
