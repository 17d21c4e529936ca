"""Answers in few packets, without a network."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from fastprocesses_server.api.serving.connections import LIMITS, protocol_with
from fastprocesses_server.api.serving.packets import MOST, Packets

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
LARGE = b"x" * (MOST + 1)


class Wire(asyncio.Transport):
    """What was written, packet by packet; `None` stands for the end."""

    def __init__(self) -> None:
        super().__init__()
        self.packets: list[bytes | None] = []
        self.is_cut = False

    def is_closing(self) -> bool:
        return self.is_cut

    def write(self, data: Any) -> None:
        self.packets.append(bytes(data))

    def close(self) -> None:
        self.packets.append(None)

    def abort(self) -> None:
        self.packets.append(None)


WRITTEN: dict[str, tuple[Callable[[Packets], object], list[bytes | None]]] = {
    "an answer": (lambda wire: [wire.write(HEAD), wire.write(b"body")], [HEAD + b"body"]),
    "two of them": (lambda wire: [wire.write(part) for part in (HEAD, b"a", HEAD, b"b")], [HEAD + b"a", HEAD + b"b"]),
    "a body in parts": (lambda wire: [wire.write(part) for part in (HEAD, b"a", b"b")], [HEAD + b"a", b"b"]),
    "a large body": (lambda wire: [wire.write(HEAD), wire.write(LARGE)], [HEAD, LARGE]),
    "no body": (lambda wire: [wire.write(HEAD), wire.write(b"")], [HEAD]),
    "the last answer": (lambda wire: [wire.write(HEAD), wire.close()], [HEAD, None]),
    "a head without an answer": (lambda wire: [wire.write(HEAD), wire.abort()], [None]),
    "a body like a head": (lambda wire: [wire.write(HEAD), wire.write(HEAD)], [HEAD + HEAD]),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_what_is_written_in_one_step_goes_out_together(written: str) -> None:
    write, expected = WRITTEN[written]

    async def scene() -> list[bytes | None]:
        wire = Wire()
        write(Packets(wire, asyncio.get_running_loop()))
        at_once = [*wire.packets]
        await asyncio.sleep(0)
        assert wire.packets == at_once  # nothing is written twice
        return at_once

    assert asyncio.run(scene()) == expected


def test_a_head_whose_body_is_not_known_yet_goes_out_in_the_next_step() -> None:
    async def scene() -> list[bytes | None]:
        wire = Wire()
        packets = Packets(wire, asyncio.get_running_loop())
        packets.write(HEAD)
        assert not wire.packets
        await asyncio.sleep(0)
        packets.write(b"body")
        return wire.packets

    assert asyncio.run(scene()) == [HEAD, b"body"]


def test_a_head_is_not_written_to_a_connection_that_was_reset_meanwhile() -> None:
    async def scene() -> list[bytes | None]:
        wire = Wire()
        Packets(wire, asyncio.get_running_loop()).write(HEAD)
        wire.is_cut = True
        await asyncio.sleep(0)
        return wire.packets

    assert asyncio.run(scene()) == []


async def greet(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def test_the_server_answers_in_one_packet() -> None:
    async def scene() -> list[bytes | None]:
        configuration = uvicorn.Config(greet, log_config=None)
        configuration.load()
        protocol = protocol_with(LIMITS)(configuration, ServerState(), {})
        wire = Wire()
        protocol.connection_made(wire)
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.gather(*protocol.tasks)
        protocol.connection_lost(ConnectionResetError())
        return wire.packets

    [packet] = asyncio.run(scene())
    assert packet
    assert packet.startswith(b"HTTP/1.1 200 OK\r\n")
    assert packet.endswith(b"hello")
