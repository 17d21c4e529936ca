"""A client of Redis for many callers at once: what is asked while an answer is awaited goes in one packet after it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio

from .connection import connect_async, is_elsewhere

MOST_AT_ONCE = 100
"""Commands in a packet, which has the time limit of one."""
MOST_PACKETS = 16
"""Under way at a time."""
REFUSED = object()
"""An answer in a packet: another connection, which is made for a command alone, may take it."""
PATIENCE_SECONDS = 0.002
"""For the answer that is awaited: a large or lost one does not hold up others for longer."""


@dataclass(slots=True)
class Asked:
    """A command, and the answer that its caller waits for."""

    command: tuple[Any, ...]
    options: dict[str, Any]
    answer: "asyncio.Future[Any]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def end(self, result: Any) -> None:
        """With what Redis has answered, or with an exception. The caller may have gone."""
        if self.answer.done():
            return
        if isinstance(result, Exception):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


class GatheringRedis(redis.asyncio.Redis):
    """Commands that wait for something to happen are for other clients: they would hold up those in their packet."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.asked: list[Asked] = []
        self.under_way = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def execute_command(self, *command: Any, **options: Any) -> Any:
        if not self.under_way:
            return await self._ask_alone(command, options)
        asked = Asked(command, options)
        self.asked.append(asked)
        if len(self.asked) == 1:
            asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._send)
        answer = await asked.answer
        return await self._ask_alone(command, options) if answer is REFUSED else answer

    def _send(self) -> None:
        """All that was asked; those that are too many wait for the next answer."""
        while self.asked and self.under_way < MOST_PACKETS:
            packet, self.asked = self.asked[:MOST_AT_ONCE], self.asked[MOST_AT_ONCE:]
            self.under_way += 1
            task = asyncio.create_task(self._ask_together(packet))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _ask_alone(self, command: tuple[Any, ...], options: dict[str, Any]) -> Any:
        self.under_way += 1
        try:
            return await super().execute_command(*command, **options)  # type: ignore[no-untyped-call]
        finally:
            self.under_way -= 1
            self._send()

    async def _ask_together(self, packet: list[Asked]) -> None:
        try:
            async with self.pipeline(transaction=False) as pipeline:
                for asked in packet:
                    pipeline.execute_command(*asked.command, **asked.options)
                answers = await pipeline.execute(raise_on_error=False)
            for asked, answer in zip(packet, answers, strict=True):
                asked.end(REFUSED if isinstance(answer, Exception) and is_elsewhere(answer) else answer)
        except Exception as error:  # noqa: BLE001 - that is for the callers
            for asked in packet:
                asked.end(error)
        finally:
            self.under_way -= 1
            self._send()
            for asked in packet:
                asked.answer.cancel()


def connect_gathering(url: str) -> GatheringRedis:
    """For an event loop whose tasks ask for much at the same time."""
    client = connect_async(url, kind=GatheringRedis)
    assert isinstance(client, GatheringRedis)  # noqa: S101 - the kind that was asked for
    return client
