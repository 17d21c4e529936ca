"""Where the API listens."""

import socket
import stat
from pathlib import Path

import pytest

from fastprocesses_server.api.serving.listening import Address, bound, hide, name_of
from fastprocesses_server.errors import StartError
from fastprocesses_server.standalone import address
from fastprocesses_server.standalone.address import is_ready, url_of


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("localhost", "http://localhost:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
    ],
)
def test_the_url_is_one_that_a_browser_opens(host: str, url: str) -> None:
    assert url_of(Address(host, 8000)) == url


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_is_refused(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port} is in use"), bound(Address(host, port)):
            pass


def test_a_bound_port_reaches_nobody_until_somebody_listens(free_port: int) -> None:
    with bound(Address("127.0.0.1", free_port)) as sockets:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", free_port))
        assert [name_of(listener) for listener in sockets] == [f"http://127.0.0.1:{free_port}"]
    with bound(Address("127.0.0.1", free_port)):
        pass


def test_a_host_that_is_not_ours_is_refused_with_its_option() -> None:
    refused = pytest.raises(StartError, match=r"cannot listen on 192\.0\.2\.1 .*--host")
    with refused, bound(Address("192.0.2.1", 8000)):
        pass


def test_a_unix_socket_is_for_owner_and_group_and_goes_with_its_server(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with bound(Address("", 0, path)) as [listener]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert name_of(listener) == f"unix:{path}"
    assert not path.exists()


def test_who_has_connected_before_a_socket_was_hidden_is_let_in_and_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with bound(Address("", 0, path)) as (listener,), socket.socket(socket.AF_UNIX) as early:
        listener.listen()
        early.connect(str(path))
        assert hide(listener)
        with socket.socket(socket.AF_UNIX) as late, pytest.raises(FileNotFoundError):
            late.connect(str(path))
        with listener.accept()[0] as let_in:
            let_in.send(b"welcome")
            assert early.recv(10) == b"welcome"


def test_a_port_cannot_be_hidden(free_port: int) -> None:
    with bound(Address("127.0.0.1", free_port)) as (listener,):
        assert not hide(listener)


def test_a_socket_that_a_killed_server_left_is_replaced_but_no_other(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with bound(Address("", 0, path)) as [listener]:
        listener.listen()
        with pytest.raises(StartError, match="in use"), bound(Address("", 0, path)):
            pass
        assert path.exists()
    path.write_text("no socket")
    with pytest.raises(StartError, match="no socket"), bound(Address("", 0, path)):
        pass
    assert path.read_text() == "no socket"


def test_a_path_that_is_too_long_for_a_socket_is_refused_with_its_option(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="--unix-socket"), bound(Address("", 0, tmp_path / ("x" * 200))):
        pass


def test_what_does_not_speak_http_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not is_ready(Address("127.0.0.1", silent.getsockname()[1]))
