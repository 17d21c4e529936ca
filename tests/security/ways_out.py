"""A web server that misbehaves, names that lead where a test wants, and a spy on what is connected to."""

import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import httpcore
import pytest

CONNECT = httpcore.AnyIOBackend.connect_tcp

PUBLIC = "93.184.216.34"
OTHER = "93.184.216.35"

NAMES: dict[str, list[str]] = {
    "public.example": [PUBLIC],
    "other.example": [OTHER],
    "localhost": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "private.example": ["10.0.0.1"],
    "private6.example": ["fd00::1"],
    "mixed.example": [PUBLIC, "10.0.0.1"],
    "mixed-last.example": [*(f"93.184.216.{number}" for number in range(1, 60)), "::1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "nat64.example": ["64:ff9b::a9fe:a9fe"],
    "xn--n3h.example": ["127.0.0.1"],
}


class Names:
    """A resolver. Numbers in whatever spelling are read as the C library reads them; nobody else is asked."""

    def __init__(self, **more: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): answers for name, answers in more.items()}
        """What is answered at the first look-up, at the second, and so on."""
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        name = host.rstrip(".").lower()
        if name in self.answers:
            answers = self.answers[name]
            return _found(answers.pop(0) if len(answers) > 1 else answers[0], port)
        if name in NAMES:
            return _found(NAMES[name], port)
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)


def _found(addresses: list[str], port: int) -> list[Any]:
    return [(0, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


Answer = Callable[["Talk"], None]


class Talk(StreamRequestHandler):
    """One request; the first part of its path says what is answered."""

    server: "Web"

    def setup(self) -> None:
        if self.server.tls:
            with suppress(OSError):
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        lines = []
        with suppress(OSError, ValueError):
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                lines.append(line.decode("latin-1").rstrip("\r\n"))
        if not lines:
            return
        self.server.heads.append(lines)
        self.path = lines[0].split(" ")[1]
        with suppress(OSError):
            self.server.answers[self.path.split("?")[0]](self)

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.request.close()

    def say(self, text: str, body: bytes = b"") -> None:
        """A head of these lines, and a body; the connection ends with it."""
        lines = text.replace("\n", "\r\n")
        self.send(f"HTTP/1.1 {lines}\r\nConnection: close\r\n\r\n".encode() + body)

    def send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.server.sent += len(data)

    def drip(self, piece: bytes) -> None:
        while not self.server.ends.wait(0.05):
            self.send(piece)

    def pour(self, piece: bytes) -> None:
        """Without an end; 64 MiB are enough for any test."""
        for _ in range(1024):
            self.send(piece)


def to(location: str) -> Answer:
    return lambda talk: talk.send(
        b"HTTP/1.1 302 Found\r\nLocation: " + location.encode() + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )


def json(body: bytes, more: str = "") -> Answer:
    return lambda talk: talk.say(f"200 OK\nContent-Type: application/json\nContent-Length: {len(body)}{more}", body)


def bomb(megabytes: int) -> bytes:
    """Zeros, as gzip."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()


class Web(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.tls = tls
        self.answers: dict[str, Answer] = {}
        self.heads: list[list[str]] = []
        self.sent = 0
        self.ends = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def headers(self, number: int = -1) -> dict[str, str]:
        """Of that request, by names in small letters."""
        pairs = (line.partition(":") for line in self.heads[number][1:])
        return {name.lower(): value.strip() for name, _, value in pairs}


@contextmanager
def web_server(answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    web = Web(tls)
    web.answers.update(answers)
    thread = threading.Thread(target=lambda: web.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield web
    finally:
        web.ends.set()
        web.shutdown()
        thread.join()
        web.server_close()


class Spy:
    """Stands where a client connects: public addresses lead to the web server, whatever else is asked for nowhere."""

    def __init__(self, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connected: list[tuple[str, int]] = []

        async def connect(backend: Any, host: str, port: int, *arguments: Any, **options: Any) -> Any:
            self.connected.append((host, port))
            if host not in (PUBLIC, OTHER):
                raise httpcore.ConnectError("the spy connects to nothing else")
            return await CONNECT(backend, "127.0.0.1", web.port, *arguments, **options)

        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)

    @property
    def addresses(self) -> set[str]:
        return {host for host, _ in self.connected}


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
