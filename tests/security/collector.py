"""A collector of spans, as OpenTelemetry's exporters know one: OTLP over HTTP. What else is posted to it, it keeps."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.spans: list[Any] = []
        self.services: set[str] = set()
        self.headers: dict[str, dict[str, str]] = {}
        """Of the last post to each path."""

    def take(self, body: bytes) -> None:
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {
                one.value.string_value for one in of_resource.resource.attributes if one.key == "service.name"
            }
            self.spans += [span for of_scope in of_resource.scope_spans for span in of_scope.spans]

    def of(self, trace_id: str) -> dict[str, Any]:
        """The spans of a trace by their names; each name is there once."""
        found = [span for span in self.spans if span.trace_id.hex() == trace_id]
        named = {span.name: span for span in found}
        assert len(named) == len(found), [span.name for span in found]
        return named


def facts(span: Any) -> dict[str, str | int]:
    return {one.key: one.value.int_value or one.value.string_value for one in span.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.headers[self.path] = {name.lower(): value for name, value in self.headers.items()}
            if self.path == "/v1/traces":
                collector.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield collector
    server.shutdown()
    thread.join()
    server.server_close()
