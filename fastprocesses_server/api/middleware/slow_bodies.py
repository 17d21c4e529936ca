"""Bodies that come too slowly: whoever waits for one is told so, and the client is."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...errors import TooSlow
from ..serving.connections import LIMITS, Limits


class SlowBodies:
    """A limit to the time that applications wait for a body; to that of what comes after it, there is none."""

    def __init__(self, app: ASGIApp, limits: Limits = LIMITS) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, size, has_more = asyncio.get_running_loop().time(), 0, True

        async def timed() -> Message:
            nonlocal size, has_more
            if not has_more:
                return await receive()
            try:
                async with asyncio.timeout_at(begun + self.limits.body_allowance(size)):
                    message = await receive()
            except TimeoutError:
                raise TooSlow(
                    f"The body did not come in time: after {self.limits.body_seconds:g} s, "
                    f"{self.limits.body_rate} bytes must have come for each second."
                ) from None
            size += len(message.get("body", b""))
            has_more = message.get("more_body", False)
            return message

        await self.app(scope, timed, send)
