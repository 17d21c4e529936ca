"""What many callers ask of Redis at one moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import redis

from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.gathering import GatheringRedis, connect_gathering

AWAY = "redis://127.0.0.1:1"


class Cutting:
    """A Redis that ends the first connection over which it is asked for `cut`."""

    def __init__(self) -> None:
        self.echoed: list[bytes] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while count := await reader.readline():
            words = []
            for _ in range(int(count[1:])):
                words.append(await reader.readexactly(int((await reader.readline())[1:])))
                await reader.readline()
            if words[0] != b"ECHO":
                writer.write(b"+OK\r\n")
                continue
            self.echoed.append(words[1])
            if words[1] == b"cut" and self.echoed.count(b"cut") == 1:
                break
            if words[1] == b"hold":
                await asyncio.sleep(0.05)  # while others are asked
            writer.write(b"+%s\r\n" % words[1])
        writer.close()


def ask(url: str, questions: Callable[[GatheringRedis], Awaitable[Any]]) -> Any:
    async def asking() -> Any:
        client = connect_gathering(url)
        try:
            return await questions(client)
        finally:
            await client.aclose()

    return asyncio.run(asking())


def test_each_caller_gets_its_own_answer(redis_url: str) -> None:
    async def echoes(client: GatheringRedis) -> list[bytes]:
        return await asyncio.gather(*(client.echo(f"number {number}") for number in range(500)))

    assert ask(redis_url, echoes) == [f"number {number}".encode() for number in range(500)]


def test_what_is_asked_while_an_answer_is_awaited_comes_over_few_connections(redis_url: str) -> None:
    async def connections(client: GatheringRedis) -> int:
        await asyncio.gather(*(client.ping() for _ in range(500)))
        pool: Any = client.connection_pool
        return len(pool._available_connections)

    assert ask(redis_url, connections) <= 8


def test_a_command_that_redis_refuses_is_only_its_callers_affair(redis_url: str) -> None:
    async def mixed(client: GatheringRedis) -> list[Any]:
        await client.set("text", "x")
        commands = (client.incr("text") if number == 5 else client.incr("number") for number in range(10))
        return await asyncio.gather(*commands, return_exceptions=True)

    answers = ask(redis_url, mixed)
    assert isinstance(answers.pop(5), redis.ResponseError)
    assert sorted(answers) == list(range(1, 10))


def test_what_cannot_be_said_to_redis_is_only_its_callers_affair(redis_url: str) -> None:
    async def mixed(client: GatheringRedis) -> list[Any]:
        words: list[Any] = ["a", None, "\ud800", True, "b"]
        return await asyncio.gather(*(client.echo(word) for word in words), return_exceptions=True)

    answers = ask(redis_url, mixed)
    assert [answers[0], answers[4]] == [b"a", b"b"]
    assert all(isinstance(answer, redis.DataError) for answer in answers[1:4])


def test_a_script_that_redis_does_not_know_is_sent_to_it(redis_url: str) -> None:
    async def scripts(client: GatheringRedis) -> list[int]:
        script = client.register_script("return redis.call('INCR', KEYS[1])")
        return sorted(await asyncio.gather(*(script(keys=["count"]) for _ in range(20))))

    assert ask(redis_url, scripts) == list(range(1, 21))


def test_callers_that_go_keep_no_other_from_its_answer(redis_url: str) -> None:
    async def leaving(client: GatheringRedis) -> list[Any]:
        tasks = [asyncio.create_task(client.echo(str(number))) for number in range(10)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        return [*answers[1::2], await client.echo("after")]

    assert ask(redis_url, leaving) == [b"1", b"3", b"5", b"7", b"9", b"after"]


def test_all_callers_hear_that_redis_is_away() -> None:
    async def failing(client: GatheringRedis) -> list[Any]:
        return await asyncio.gather(*(client.ping() for _ in range(10)), return_exceptions=True)

    answers = ask(AWAY, failing)
    assert len(answers) == 10
    assert all(isinstance(answer, redis.ConnectionError) for answer in answers)


def test_an_answer_that_does_not_come_keeps_no_other_waiting(redis_url: str) -> None:
    """One that waits for something is no use of this client; it stands here for one that is lost."""

    async def asking(client: GatheringRedis) -> str:
        lost = asyncio.create_task(client.blpop(["nothing"], timeout=1))
        await asyncio.sleep(0)
        answer = asyncio.create_task(client.ping())
        done, _ = await asyncio.wait({lost, answer}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({lost, answer})
        return "lost" if lost in done else "answered"

    assert ask(redis_url, asking) == "answered"


def test_a_connection_that_was_closed_meanwhile_is_replaced_in_silence(redis_url: str) -> None:
    async def asking(client: GatheringRedis) -> list[bool]:
        await asyncio.gather(*(client.ping() for _ in range(10)))
        with connect(redis_url) as other:
            other.client_kill_filter(_type="normal", skipme=True)
        return await asyncio.gather(*(client.ping() for _ in range(10)))

    assert ask(redis_url, asking) == [True] * 10


def test_what_was_answered_before_a_connection_was_cut_is_not_asked_again() -> None:
    async def scene() -> list[bytes]:
        redis = Cutting()
        async with await asyncio.start_server(redis.talk, "127.0.0.1", 0) as server:
            client = connect_gathering(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}?protocol=2")
            answers = await asyncio.gather(*(client.echo(word) for word in ("hold", "done", "cut", "after")))
            await client.aclose()
        assert answers == [b"hold", b"done", b"cut", b"after"]
        return redis.echoed

    echoed = asyncio.run(scene())
    assert echoed.count(b"done") == 1
    assert echoed.count(b"cut") == 2
