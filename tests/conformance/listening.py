"""A web server in the test's process: its pages are references, what is posted to it are callbacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

SECONDS = 30


@dataclass(frozen=True)
class Posted:
    path: str
    content_type: str
    body: bytes


class Listener:
    """Answers GET with the pages it was given, and any POST with the next of `statuses`, or 202."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.posts: Queue[Posted] = Queue()
        self.statuses: Queue[int] = Queue()

    def page(self, path: str, media_type: str, body: bytes) -> str:
        """The URL of a new page."""
        self.pages[path] = (media_type, body)
        return self.url + path

    def next_post(self, path: str) -> Posted:
        """Posts to other paths before it are passed over."""
        try:
            while (posted := self.posts.get(timeout=SECONDS)).path != path:
                pass
        except Empty:
            pytest.fail(f"nothing was posted to {path} in {SECONDS} s")
        return posted


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            media_type, body = listener.pages.get(self.path, ("text/plain", b""))
            self.send_response(200 if self.path in listener.pages else 404)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            listener.posts.put(Posted(self.path, self.headers.get("Content-Type", ""), body))
            self.send_response(202 if listener.statuses.empty() else listener.statuses.get())
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        listener = Listener(f"http://127.0.0.1:{http_server.server_port}")
        thread = Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield listener
        http_server.shutdown()
        thread.join()
