"""A client of Redis for many callers at once: what is asked while an answer is awaited goes in one packet after it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import hiredis
import redis.asyncio

from .connection import connect_async, is_elsewhere

MOST_AT_ONCE = 100
"""Commands in a packet. Each of their answers has the time limit of one."""
LARGE = 64 * 1024
"""Bytes of an argument that goes alone."""
MOST_PACKETS = 16
"""Under way at a time."""
PATIENCE_SECONDS = 0.002
"""For the answer that is awaited: a large or lost one does not hold up others for longer."""
REFUSED = object()
"""An answer in a packet: another connection, which is made for a command alone, may take it."""


@dataclass(slots=True)
class Asked:
    """A command, and the answer that its caller waits for."""

    command: tuple[Any, ...]
    options: dict[str, Any]
    answer: "asyncio.Future[Any]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def end(self, result: Any) -> None:
        """With what Redis has answered, or with an exception. The caller may have gone."""
        if isinstance(result, Exception) and not is_elsewhere(result):
            self.fail(result)
        elif not self.answer.done():
            self.answer.set_result(REFUSED if isinstance(result, Exception) else result)

    def fail(self, error: Exception) -> None:
        """For good: no other connection would do it."""
        if not self.answer.done():
            self.answer.set_exception(error)


class GatheringRedis(redis.asyncio.Redis):
    """For commands with small answers. Those with large ones are for pipelines, those that wait for other clients."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.asked: list[Asked] = []
        self.under_way = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def execute_command(self, *command: Any, **options: Any) -> Any:
        if any(isinstance(item, bytes) and len(item) > LARGE for item in command):
            return await self._ask_alone(command, options)
        asked = Asked(command, options)
        if self.under_way:
            self.asked.append(asked)
            if len(self.asked) == 1:
                asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._send)
        else:
            self.under_way += 1
            await self._ask_together([asked])
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
            connection = await self.connection_pool.get_connection()  # type: ignore[no-untyped-call]
            try:
                await self._talk(connection, packet)
            finally:
                await self.connection_pool.release(connection)
        except Exception as error:  # noqa: BLE001 - that is for the callers
            for asked in packet:
                asked.fail(error)
        finally:
            self.under_way -= 1
            self._send()
            for asked in packet:
                asked.answer.cancel()

    async def _talk(self, connection: Any, packet: list[Asked]) -> None:
        try:
            await self._ask(connection, packet)
        except BaseException as error:
            await connection.disconnect()  # what it still answers is for nobody
            if not isinstance(error, Exception):
                raise
            for asked in packet:
                asked.end(error)

    async def _ask(self, connection: Any, packet: list[Asked]) -> None:
        packed = list(_packed(packet))
        if not packed:
            return
        await connection.send_packed_command([command for _, command in packed])
        for asked, _ in packed:
            try:
                answer = await self.parse_response(connection, asked.command[0], **asked.options)
            except redis.ResponseError as error:
                answer = error
            asked.end(answer)


def _packed(packet: list[Asked]) -> Iterator[tuple[Asked, bytes]]:
    """What is to be sent: not that of callers who have gone, nor what cannot be a command.

    redis-py would write each argument in Python, on an event loop.
    """
    for asked in packet:
        if asked.answer.done():
            continue
        name, *arguments = asked.command
        try:
            yield asked, hiredis.pack_command((*name.split(), *arguments))
        except (TypeError, UnicodeError) as error:
            asked.fail(redis.DataError(str(error)))


def connect_gathering(url: str) -> GatheringRedis:
    """For an event loop whose tasks ask for much at the same time."""
    return cast("GatheringRedis", connect_async(url, kind=GatheringRedis))
