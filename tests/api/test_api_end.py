"""How the API ends."""

import asyncio

from fastprocesses_server.api.app import end


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
