"""`run --url --header`: credentials go to the server that is named, and to no other."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from command_line import run_command

HEADERS = ("--header", "X-Api-Key: a b:c", "--header", "Authorization:Bearer abc")


class Site:
    """A server that hears what it is asked, and answers by path."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str | None, str | None]] = []
        self.answers: dict[str, tuple[int, dict[str, str], Any]] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                site.heard.append((self.path, self.headers["X-Api-Key"], self.headers["Authorization"]))
                status, headers, document = site.answers.get(self.path, (404, {}, {"title": "nothing here"}))
                body = json.dumps(document).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json"}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def sites() -> Iterator[tuple[Site, Site]]:
    """The server of the process, and one to which it leads for outputs."""
    own, other = Site(), Site()
    yield own, other
    own.stop()
    other.stop()


def test_headers_are_sent_to_that_server_alone(sites: tuple[Site, Site]) -> None:
    own, other = sites
    own.answers = {
        "/processes/p": (200, {}, {"id": "p", "inputs": {}}),
        "/processes/p/execution": (
            200,
            {},
            {"linked": {"href": f"{other.url}/a", "type": "application/json"}, "moved": {"href": f"{own.url}/b"}},
        ),
        "/b": (307, {"Location": f"{other.url}/b"}, {}),
    }
    other.answers = {"/a": (200, {}, 1), "/b": (200, {}, 2)}
    done = run_command("run", "p", "--url", own.url, *HEADERS)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"linked": 1, "moved": 2}
    assert own.heard == [(path, "a b:c", "Bearer abc") for path in ("/processes/p", "/processes/p/execution", "/b")]
    assert other.heard == [("/a", None, None), ("/b", None, None)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--url", "http://127.0.0.1:1", "--header", "secret"),
            "--header 'secret': headers are written 'Name: value'\n",
        ),
        (
            ("--url", "http://127.0.0.1:1", "--header", "X-Key: se\ncret"),
            "--header 'X-Key': headers are written 'Name: value'\n",
        ),
        (("--header", "A: b"), "--header is for the server of --url\n"),
    ],
)
def test_a_header_that_is_none_is_told_without_its_value(arguments: tuple[str, ...], said: str) -> None:
    done = run_command("run", "p", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
