"""A reverse proxy that serves a server below a path, and takes this path away from what it passes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from serving import PLAIN

HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server")


@contextmanager
def served_below(path: str, port: int, server_url: str) -> Iterator[str]:
    """The address, which ends with the path."""

    class Passing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith(f"{path}/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP]
            url = server_url + self.path.removeprefix(path)
            with httpx.stream(self.command, url, content=body, headers=headers, timeout=60, verify=PLAIN) as answer:
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name not in HOP:
                        self.send_header(name, value)
                self.end_headers()
                for part in answer.iter_raw():
                    self.wfile.write(part)
                    self.wfile.flush()

        do_POST = do_DELETE = do_GET  # noqa: N815 - names of the standard library

        def log_message(self, *_: object) -> None:
            pass

    proxy = ThreadingHTTPServer(("localhost", port), Passing)
    proxy.daemon_threads = True
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{port}{path}"
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
