"""Connections to Redis that were cut without a word, as by a firewall that forgot them, are noticed and replaced."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from serving import Client, Part, free_port, own_valkey, shared_environment, wait_until


class Firewall:
    """Passes connections on to a port, until it forgets those that there are: they stay open, and nothing passes."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.age = 0
        self.passed: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
                self.passed += [client, server]
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(one, other, self.age), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, age: int) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if age == self.age:
                    other.sendall(data)
            if age == self.age:
                other.shutdown(socket.SHUT_WR)

    def forget(self) -> None:
        self.age += 1

    def close(self) -> None:
        for one in (self.listener, *self.passed):
            one.close()


@pytest.fixture
def firewall(tmp_path: Path) -> Iterator[Firewall]:
    port = free_port()
    with own_valkey(tmp_path, settings=f"port {port}\nbind 127.0.0.1\n"):
        firewall = Firewall(port)
        yield firewall
        firewall.close()


def test_every_connection_that_was_cut_in_silence_is_replaced(
    firewall: Firewall, published: Path, tmp_path: Path
) -> None:
    environment = shared_environment(f"redis://127.0.0.1:{firewall.port}/0", published, tmp_path)
    api, worker = (Part(command, folder=tmp_path, environment=environment) for command in ("serve", "worker"))
    with ExitStack() as stack, Client(base_url=f"http://127.0.0.1:{environment['FP_PORT']}", timeout=30) as client:
        for part in (api, worker):
            part.start()
            stack.callback(part.stop)
        for part in (api, worker):
            wait_until(lambda part=part: "ready" in part.log(), 60, part.log)
        assert client.execute("sleep", {"seconds": 0}).json() == 0

        firewall.forget()
        began = time.monotonic()
        wait_until(lambda: client.execute("sleep", {"seconds": 0}).json() == 0, 60, worker.log)
        print(f"a result again after {time.monotonic() - began:.1f} s")
        wait_until(lambda: "waiting for Redis: " in api.log(), 20, api.log)  # the listener for replies, too
        print(f"the listener noticed after {time.monotonic() - began:.1f} s")
        began = time.monotonic()
        assert client.execute("sleep", {"seconds": 0}).json() == 0
        print(f"and then {time.monotonic() - began:.2f} s")
        for part in (api, worker):
            assert part.process
            assert part.process.poll() is None
            assert "Traceback" not in part.log()
