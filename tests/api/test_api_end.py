"""How the API ends."""

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from fastprocesses_server.api.app import end
from fastprocesses_server.api.middleware.ending import Ending, LastAnswers


def test_a_task_that_takes_a_cancellation_for_something_else_ends_all_the_same() -> None:
    async def deaf() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    async def stop() -> bool:
        task = asyncio.create_task(deaf())
        await asyncio.sleep(0)
        await asyncio.wait_for(end(task), 10)
        return task.cancelled()

    assert asyncio.run(stop())


def test_from_the_beginning_of_the_end_an_answer_is_the_last_on_its_connection() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"etag", b"x")]})

    async def headers(ending: Ending) -> list[Any]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        await LastAnswers(app, ending)({"type": "http"}, receive, send)
        return list(sent[0]["headers"])

    async def before_and_after() -> tuple[list[Any], list[Any]]:
        ending = Ending()
        before = await headers(ending)
        ending.begin()
        return before, await headers(ending)

    before, after = asyncio.run(before_and_after())
    assert before == [(b"etag", b"x")]
    assert after == [(b"etag", b"x"), (b"connection", b"close")]
