"""The load generator: plain sockets and epoll in a process of its own, a load as JSON on stdin, figures on stdout.

It knows just enough of HTTP/1.1 for answers with a Content-Length, and so costs a server's machine little.
"""

import json
import re
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

NUMBER = b"@@@@@@@@@@"
"""Ten characters of a body that become the number of the request, so that none is like another."""
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
JOB = re.compile(rb'"jobID" ?: ?"([^"]+)"')
CHUNK = 1 << 20
HUNG_UP = b"HTTP/1.1 000"
"""Instead of an answer, from a server that has closed the connection."""
SILENCE = 120.0
"""Seconds after which a server that says nothing is given up."""


@dataclass(frozen=True)
class Load:
    """So many clients that ask again as soon as they are answered, for so long, or so often."""

    port: int
    path: str
    method: str = "GET"
    headers: tuple[str, ...] = ()
    body: str = ""
    clients: int = 1
    seconds: float = 600
    requests: int = 10**9
    first: int = 0
    """Number of the first request."""
    keeps_jobs: bool = False
    """Whether the ids of jobs in the answers are wanted."""

    def start(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin
        process.stdin.write(json.dumps(asdict(self)).encode())
        process.stdin.close()
        return process

    def run(self) -> "Figures":
        return figures_of(self.start())


@dataclass(frozen=True)
class Figures:
    """Seconds, but for the counts."""

    requests: int
    seconds: float
    p50: float
    p99: float
    longest: float
    statuses: dict[str, int]
    cpu: float
    """Of the generator."""
    jobs: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def figures_of(process: "subprocess.Popen[bytes]") -> Figures:
    assert process.stdout
    text = process.stdout.read()
    if process.wait():
        raise RuntimeError("the load generator has failed, see above")
    return Figures(**json.loads(text))


class Client:
    """One connection, and the answer that it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begin = 0.0
        self.parts: list[bytes] = []
        self.missing = 0

    def send(self, request: bytes) -> None:
        self.begin = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The head of the answer and the begin of its body, once all of it is here."""
        try:
            chunk = self.socket.recv(CHUNK)
        except ConnectionError:
            chunk = b""
        if not chunk:
            return HUNG_UP
        self.parts.append(chunk)
        if len(self.parts) > 1 and self.missing:
            self.missing -= len(chunk)
        else:
            answer = b"".join(self.parts)
            end = answer.find(b"\r\n\r\n")
            if end < 0:
                return None
            length = LENGTH.search(answer, 0, end)
            self.missing = end + 4 + (int(length[1]) if length else 0) - len(answer)
        if self.missing > 0:
            return None
        answer, self.parts, self.missing = b"".join(self.parts[:2]), [], 0
        return answer


def encode(load: Load) -> tuple[bytes, bytes]:
    """What stands before and behind the number; nothing behind it where there is none."""
    body = load.body.encode()
    lines = [f"{load.method} {load.path} HTTP/1.1", "Host: 127.0.0.1", *load.headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    before, _, behind = ("\r\n".join(lines).encode() + b"\r\n\r\n" + body).partition(NUMBER)
    return before, behind


class Drive:
    """All clients of a load."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.before, self.behind = encode(load)
        self.poll = select.epoll()
        self.clients: dict[int, Client] = {}
        self.statuses: Counter[str] = Counter()
        self.jobs: list[str] = []
        self.latencies: list[float] = []
        self.number = load.first
        self.begin = time.perf_counter()

    def run(self) -> dict[str, Any]:
        for _ in range(min(self.load.clients, self.load.requests)):
            self.ask(self.connect())
        while self.clients:
            ready = self.poll.poll(SILENCE)
            if not ready:
                raise TimeoutError(f"no answer to {len(self.clients)} requests within {SILENCE:g} s")
            for handle, _ in ready:
                client = self.clients[handle]
                if answer := client.receive():
                    self.take(client, answer)
        found = {"statuses": dict(self.statuses), "cpu": time.process_time(), "jobs": self.jobs}
        return {**_summary(self.latencies, time.perf_counter() - self.begin), **found}

    def connect(self) -> Client:
        client = Client(self.load.port)
        self.clients[client.socket.fileno()] = client
        self.poll.register(client.socket.fileno(), select.EPOLLIN)
        return client

    def ask(self, client: Client) -> None:
        client.send(self.before + b"%010d" % self.number + self.behind if self.behind else self.before)
        self.number += 1

    def take(self, client: Client, answer: bytes) -> None:
        """And ask again, while there is something to ask."""
        now = time.perf_counter()
        self.latencies.append(now - client.begin)
        self.statuses[answer[9:12].decode()] += 1
        if self.load.keeps_jobs and (found := JOB.search(answer)):
            self.jobs.append(found[1].decode())
        has_more = self.number < self.load.first + self.load.requests and now - self.begin < self.load.seconds
        if has_more and answer is not HUNG_UP:
            self.ask(client)
            return
        self.poll.unregister(client.socket.fileno())
        del self.clients[client.socket.fileno()]
        client.socket.close()
        if has_more:
            self.ask(self.connect())


def _summary(latencies: Sequence[float], seconds: float) -> dict[str, Any]:
    ordered = sorted(latencies)
    return {
        "requests": len(ordered),
        "seconds": seconds,
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[len(ordered) * 99 // 100],
        "longest": ordered[-1],
    }


def answer_all(port: int, size: int = 450) -> None:
    """The cheapest server that there can be, to measure the generator with; it ends with its last client."""
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (size, b"x" * size)
    listener = socket.create_server(("127.0.0.1", port))
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    while True:
        for handle, _ in poll.poll():
            if handle == listener.fileno():
                client, _ = listener.accept()
                clients[client.fileno()] = client
                poll.register(client.fileno(), select.EPOLLIN)
            elif clients[handle].recv(CHUNK):
                clients[handle].sendall(answer)
            else:
                poll.unregister(handle)
                clients.pop(handle).close()
                if not clients:
                    return


def measure_ceiling(port: int, clients: int, seconds: float) -> Figures:
    """What the generator alone can do."""
    server = subprocess.Popen([sys.executable, __file__, str(port)])
    try:
        _until_it_listens(port)
        return Load(port, "/", clients=clients, seconds=seconds).run()
    finally:
        server.terminate()
        server.wait()


def _until_it_listens(port: int) -> None:
    for _ in range(200):
        ports = Path("/proc/net/tcp").read_text()
        if f":{port:04X} 00000000:0000 0A" in ports:
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        answer_all(int(sys.argv[1]))
    else:
        read = json.load(sys.stdin)
        print(json.dumps(Drive(Load(**{**read, "headers": tuple(read["headers"])})).run()))
