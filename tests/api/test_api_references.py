"""Inputs by reference: fetched, validated like inline ones, and never from where nobody should look."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from serving import Client, Server

POINT = {"type": "Point", "coordinates": [1.5, 2.5]}
LARGE = b"\x01\x02\x03\x04" * 1_000_000

CONTENT: dict[str, tuple[int, str, bytes]] = {
    "/text": (200, "text/plain", b"hello"),
    "/string": (200, "application/json", b'"hello"'),
    "/point": (200, "application/geo+json", json.dumps(POINT).encode()),
    "/point-as-bytes": (200, "application/octet-stream", json.dumps(POINT).encode()),
    "/large": (200, "application/octet-stream", LARGE),
    "/large-json": (200, "application/json", json.dumps("x" * 2_000_000).encode()),
    "/not-json": (200, "application/json", b"{"),
    "/long": (200, "text/plain", b"x" * 2000),
    "/missing": (404, "text/plain", b"no"),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/redirect/"):
            self.send_response(302)
            left = int(self.path.rpartition("/")[2])
            self.send_header("Location", f"/redirect/{left - 1}" if left else "/text")
            self.end_headers()
            return
        if self.path == "/redirect-inside":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.end_headers()
            return
        status, media_type, body = CONTENT[self.path]
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def at() -> Iterator[Callable[[str], str]]:
    """URLs of a web server with `CONTENT`."""
    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    yield lambda path: f"http://127.0.0.1:{web.server_port}{path}"
    web.shutdown()
    thread.join()
    web.server_close()


def complaint(client: Client, process: str, inputs: dict[str, object]) -> dict[str, str]:
    response = client.execute(process, inputs)
    assert response.status_code == 400, response.text
    return {error["path"]: error["message"] for error in response.json()["errors"]}


@pytest.mark.parametrize("path", ["/text", "/string", "/redirect/2"])
def test_a_text_is_the_same_inline_and_by_reference(client: Client, at: Callable[[str], str], path: str) -> None:
    assert client.execute("simple_process", {"input_text": {"href": at(path)}}).text == "HELLO"


@pytest.mark.parametrize("path", ["/point", "/point-as-bytes"])
def test_an_object_is_the_same_inline_and_by_reference(client: Client, at: Callable[[str], str], path: str) -> None:
    reference = {"href": at(path), "type": "application/geo+json"}
    by_reference = client.execute("echo", {"message": "x", "geometry": [reference]}, response="document").json()
    inline = client.execute("echo", {"message": "x", "geometry": [{"value": POINT}]}, response="document").json()
    assert by_reference == inline


def test_binary_is_fetched_into_a_file_or_bytes_as_the_callable_wants(client: Client, at: Callable[[str], str]) -> None:
    inputs = {"file": {"href": at("/large")}, "more": [{"href": at("/large")}, base64.b64encode(b"abc").decode()]}
    assert client.execute("measure", inputs, response="document").json() == {
        "size": 4_000_000,
        "start": "01020304",
        "more": [4_000_000, 3],
    }
    inline = base64.b64encode(b"abcd").decode()
    assert client.execute("measure", {"file": inline}, outputs={"size": {}}).text == "4"


def test_the_nested_spelling_of_a_reference_is_taken(client: Client, at: Callable[[str], str]) -> None:
    reference = {"href": at("/point"), "format": {"mediaType": "application/geo+json"}}
    assert client.execute("echo", {"message": "x", "geometry": [reference]}).status_code == 200


def test_what_is_fetched_early_is_validated_before_the_job(client: Client, at: Callable[[str], str]) -> None:
    found = complaint(client, "echo", {"message": "x", "numbers": {"href": at("/string")}})
    assert "array" in found["$.inputs.numbers"]


def test_what_is_fetched_late_fails_the_job_with_the_reason(client: Client, at: Callable[[str], str]) -> None:
    response = client.execute("simple_process", {"input_text": {"href": at("/long")}})
    assert response.status_code == 500
    assert "$.inputs.input_text" in response.json()["detail"]
    assert "1000" in response.json()["detail"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/missing", "404"),
        ("/not-json", "called JSON"),
        ("/redirect/9", "too many redirects"),
        ("/redirect-inside", "must not"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(
    client: Client, at: Callable[[str], str], path: str, words: str
) -> None:
    assert words in complaint(client, "simple_process", {"input_text": {"href": at(path)}})["$.inputs.input_text"]


@pytest.mark.parametrize(
    "href",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:80/",
        "http://[::ffff:10.0.0.1]/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "http://user:password@127.0.0.1/",
        "relative/path",
        "http://",
        "http://127.0.0.1:0/",
        "http://host.invalid/",
        "",
    ],
)
def test_a_url_that_must_not_be_asked_is_refused(client: Client, href: str) -> None:
    assert "$.inputs.input_text" in complaint(client, "simple_process", {"input_text": {"href": href}})


def test_a_media_type_that_the_input_does_not_take_is_refused(client: Client, at: Callable[[str], str]) -> None:
    reference = {"href": at("/text"), "type": "image/png"}
    assert "image/png" in complaint(client, "simple_process", {"input_text": reference})["$.inputs.input_text"]


def test_equal_content_is_served_from_the_cache(client: Client, at: Callable[[str], str]) -> None:
    request = {"input_text": {"href": at("/string")}}
    client.execute("simple_process", request)
    assert client.status(client.submit("simple_process", request))["status"] == "successful"


def test_an_output_of_this_server_is_read_from_its_store(client: Client, server: Server) -> None:
    job_id = client.submit("fill", {"size": 300_000})
    client.finished(job_id)
    own = {"href": f"{server.url}/jobs/{job_id}/results/filling"}
    assert client.execute("measure", {"file": own}, outputs={"size": {}}).text == "300000"
    gone = {"href": f"{server.url}/jobs/{job_id}/results/nothing"}
    assert "no such output" in complaint(client, "measure", {"file": gone})["$.inputs.file"]


def test_large_json_is_fetched_by_the_worker(client: Client, at: Callable[[str], str]) -> None:
    response = client.execute("echo", {"message": {"href": at("/large-json")}})
    assert response.status_code == 200
    assert len(response.content) > 2_000_000
