"""What the processes that run jobs share with their worker, and what not."""

import os
import select
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fastprocesses_server.worker.family import leave_connections


@pytest.fixture(params=["tcp", "unix"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[socket.socket]:
    """As Redis has one."""
    family = socket.AF_INET if request.param == "tcp" else socket.AF_UNIX
    with socket.socket(family) as listener:
        listener.bind(("127.0.0.1", 0) if request.param == "tcp" else str(tmp_path / "socket"))
        listener.listen()
        yield listener


def in_child(mouth: socket.socket, end: socket.socket) -> None:
    """Parts from its connections, says so through one end of a pair, and stays until the other pair is closed."""
    leave_connections()
    mouth.send(b"parted")
    end.recv(1)
    os._exit(0)


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="the kernel has no epoll: it is Linux's")
def test_a_worker_hears_nothing_of_connections_that_it_has_closed(listener: socket.socket) -> None:
    connection = socket.socket(listener.family)
    connection.connect(listener.getsockname())
    with listener.accept()[0] as other_end, select.epoll() as loop:
        (ear, mouth), (end, line) = socket.socketpair(), socket.socketpair()
        loop.register(connection, select.EPOLLIN)
        child = os.fork()
        if child == 0:
            other_end.close()  # as that of Redis is not here
            line.close()
            in_child(mouth, end)
        with closing(ear), closing(mouth), closing(end), closing(line):
            assert ear.recv(10) == b"parted"
            connection.close()
            other_end.close()
            assert loop.poll(0) == []
        os.waitpid(child, 0)
