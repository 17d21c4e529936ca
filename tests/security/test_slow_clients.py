"""Clients that send little, slowly or without an end, on bare sockets, to a server that is less patient than ours."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from serving import wait_until

from fastprocesses_server.api.middleware.slow_bodies import SlowBodies
from fastprocesses_server.api.serving.connections import (
    LIMITS,
    Limits,
    PatientProtocol,
    most_connections,
    protocol_with,
)
from fastprocesses_server.errors import TooSlow

HASTY = Limits(
    head_size=4096,
    headers=20,
    head_seconds=0.8,
    body_seconds=0.5,
    body_rate=400,
    grace=0.3,
    stall_seconds=0.5,
    connections=30,
)
LARGE = 20 * 2**20


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """The length of the body; `/unread` reads none, `/large` is much to read."""
    size, status = 0, 200
    try:
        while scope["path"] == "/read":
            message = await receive()
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
    except TooSlow:
        status = 408
    body = b"x" * LARGE if scope["path"] == "/large" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def protocol() -> type[PatientProtocol]:
    return protocol_with(HASTY)


@pytest.fixture(scope="module")
def port(protocol: type[PatientProtocol]) -> Iterator[int]:
    app = SlowBodies(answer, HASTY)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, http=protocol, ws="none", log_config=None, access_log=False, lifespan="off")
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    wait_until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        yield connection


def read(connection: socket.socket) -> bytes:
    """Until the other side closes it."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def drip(connection: socket.socket, part: bytes, pause: float = 0.05) -> int:
    """Until nobody listens any more; how often something was sent."""
    for count in range(200):
        try:
            connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            return count
        time.sleep(pause)
    pytest.fail("the connection lives for ever")


def post(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


CHUNKED = "Transfer-Encoding: chunked"


def test_who_says_nothing_is_left_without_a_word(connection: socket.socket) -> None:
    assert read(connection) == b""


@pytest.mark.parametrize("part", [b"X-A: b\r\n", b"x", b"\r\n"], ids=["headers", "a long line", "empty lines"])
def test_a_head_that_drips_has_an_end(connection: socket.socket, part: bytes) -> None:
    connection.sendall(b"\r\n" if part == b"\r\n" else b"GET / HTTP/1.1\r\nX-B: ")
    drip(connection, part)


def test_a_slow_client_is_told(connection: socket.socket) -> None:
    connection.sendall(b"GET / HTTP/1.1\r\n")
    assert read(connection).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 5000,
        b"GET / HTTP/1.1\r\nX-A: " + b"a" * 5000,
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 30,
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 30 + b"\r\n",
    ],
    ids=["path", "value", "count", "count, whole"],
)
def test_a_head_is_not_read_for_ever(connection: socket.socket, head: bytes) -> None:
    connection.sendall(head)
    assert read(connection).startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


@pytest.mark.parametrize(
    ("headers", "part"),
    [(["Content-Length: 100000"], b"x"), ([CHUNKED], b"1\r\nx\r\n"), ([CHUNKED], b"")],
    ids=["a length", "chunks", "nothing"],
)
def test_a_body_that_drips_is_answered_and_ended(connection: socket.socket, headers: list[str], part: bytes) -> None:
    connection.sendall(post("/read", *headers))
    for _ in range(8 if part else 0):
        connection.sendall(part)
        time.sleep(0.05)
    assert read(connection).startswith(b"HTTP/1.1 408")


def test_what_nobody_reads_drips_no_longer(connection: socket.socket) -> None:
    connection.sendall(post("/unread", CHUNKED))
    assert drip(connection, b"1\r\nx\r\n") > 5


def test_a_slow_but_steady_body_is_read(connection: socket.socket) -> None:
    """As fast as is asked for, and longer than is waited for one that is not."""
    connection.sendall(post("/read", "Content-Length: 2000", "Connection: close"))
    for _ in range(20):
        connection.sendall(b"x" * 100)
        time.sleep(0.075)
    assert read(connection).endswith(b"\r\n\r\n2000")


def test_requests_on_one_connection_each_have_their_time(connection: socket.socket) -> None:
    for _ in range(8):
        connection.sendall(b"GET /unread HTTP/1.1\r\n")
        time.sleep(0.15)
        connection.sendall(b"Host: localhost\r\n\r\n")
        received = b""
        while not received.endswith(b"\r\n\r\n0"):
            received += connection.recv(65536)


def test_an_answer_that_nobody_reads_is_given_up(port: int, protocol: type[PatientProtocol]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(1.5)
        assert len(read(connection)) < LARGE


def test_the_one_that_waits_longest_gives_way(port: int, protocol: type[PatientProtocol]) -> None:
    first = socket.create_connection(("127.0.0.1", port), timeout=10)
    first.sendall(b"GET /unread HTTP/1.1\r\n")
    others = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(HASTY.connections)]
    last = others[-1]
    last.sendall(b"GET /unread HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert last.recv(100).startswith(b"HTTP/1.1 200")
    assert read(first) == b""
    for one in (first, *others):
        one.close()


def test_none_is_remembered_that_is_gone(port: int, protocol: type[PatientProtocol]) -> None:
    wait_until(lambda: not protocol.reading)


def test_there_are_files_left_for_everything_else() -> None:
    assert 128 <= most_connections() <= LIMITS.connections
