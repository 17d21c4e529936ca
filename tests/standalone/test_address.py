"""Where the API listens."""

import socket

import pytest

from fastprocesses_server.errors import StartError
from fastprocesses_server.standalone import address
from fastprocesses_server.standalone.address import check_port, is_ready, url_of


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("localhost", "http://localhost:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
    ],
)
def test_the_url_is_one_that_a_browser_opens(host: str, url: str) -> None:
    assert url_of(host, 8000) == url


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_is_refused(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port} is in use"):
            check_port(host, port)


def test_a_free_port_is_still_free_after_the_check(free_port: int) -> None:
    check_port("127.0.0.1", free_port)
    check_port("127.0.0.1", free_port)


def test_a_host_that_is_not_ours_is_refused_with_its_option() -> None:
    with pytest.raises(StartError, match=r"cannot listen on 192\.0\.2\.1 .*--host"):
        check_port("192.0.2.1", 8000)


def test_what_does_not_speak_http_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not is_ready("127.0.0.1", silent.getsockname()[1])
