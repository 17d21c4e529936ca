"""Waiting for a job without a thread: one reply list per API process, to which the last transition of a job pushes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from loguru import logger

from .connection import STORE_ERRORS
from .record import Status

if TYPE_CHECKING:
    from redis.asyncio import Redis

SECONDS = 5
"""How long Redis waits for a reply before it answers that there is none."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How a job ended, with its manifest or problem."""

    status: Status
    outcome: bytes


class Replies:
    """Listens for the ends of the jobs that this process waits for.

    Silence is the ordinary case, but no answer at all means that the connection is lost: its client's time limit is
    longer than Redis waits.
    """

    def __init__(self, client: "Redis") -> None:
        self.client = client
        self.key = f"fp:reply:{token_hex(8)}"
        self.waiting: dict[str, asyncio.Future[Reply]] = {}

    @asynccontextmanager
    async def expect(self, job_id: str) -> AsyncIterator[asyncio.Future[Reply]]:
        """To be entered before the job is created."""
        future = self.waiting[job_id] = asyncio.get_running_loop().create_future()
        try:
            yield future
        finally:
            del self.waiting[job_id]

    async def listen(self) -> None:
        """Until cancelled. While Redis is away the answers wait in the list."""
        while True:
            try:
                popped: Any = await self.client.blmpop(SECONDS, 1, self.key, direction="LEFT", count=64)
                for reply in popped[1] if popped else ():
                    self._deliver(reply)
            except STORE_ERRORS as error:
                logger.warning("waiting for Redis: {}", error)
                await asyncio.sleep(0.5)
            except Exception:  # noqa: BLE001 - without it, every client would wait until the next look at its record
                logger.exception("a fault, after which the API goes on to listen for replies")
                await asyncio.sleep(0.5)

    def _deliver(self, reply: bytes) -> None:
        job_id, status, outcome = reply.split(b" ", 2)
        future = self.waiting.get(job_id.decode())
        if future and not future.done():
            future.set_result(Reply(Status(status.decode()), outcome))
