"""Callbacks: what subscribers are told, by real posts to real sinks, whatever these do with them."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from serving import Client, Server, free_port, wait_until

from fastprocesses_server.errors import StartError
from fastprocesses_server.settings import load_settings
from fastprocesses_server.worker.delivery import sign

SECRET = b"a secret of this test"
HOSTS = {"FP_REFERENCE_HOSTS": "127.0.0.1,localhost"}


@dataclass(frozen=True)
class Post:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return orjson.loads(self.body)


class Sink(ThreadingHTTPServer):
    """Keeps what is posted to it. What it answers is told by the first part of the path."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.posts: list[Post] = []
        self.released = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def of(self, path: str) -> list[Post]:
        return [post for post in self.posts if post.path.partition("?")[0] == path]

    def post(self, path: str, explain: Callable[[], str] = str) -> Post:
        """The first one to that path, once it is there."""
        first: Post = wait_until(lambda: self.of(path), 30, explain)[0]
        return first

    def close(self) -> None:
        self.released.set()
        self.shutdown()
        self.thread.join()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.posts.append(Post(self.path, headers, body))
        if self.path.startswith("/hangs"):
            self.server.released.wait(60)
            return
        if self.path.startswith("/redirects"):
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
        else:
            self.send_response(self.status())
        self.send_header("Content-Length", "0")
        self.end_headers()

    def status(self) -> int:
        if self.path.startswith("/fails-twice"):
            return 500 if len(self.server.of(self.path)) <= 2 else 204
        return 410 if self.path.startswith("/refuses") else 202

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


def to(sink: Sink, path: str = "/") -> dict[str, str]:
    names = {"successUri": "success", "inProgressUri": "progress", "failedUri": "failed"}
    return {name: sink.at(f"{path}{told}") for name, told in names.items()}


def test_success_is_told_with_the_results_document(client: Client, sink: Sink) -> None:
    job_id = client.submit("simple_process", {"input_text": "hello"}, subscriber=to(sink))
    post = sink.post("/success")
    assert post.headers["content-type"] == "application/json"
    assert post.document == {"output_text": "HELLO"}
    assert post.headers["webhook-id"].startswith(job_id)
    assert "webhook-signature" not in post.headers
    assert not sink.of("/failed")


def test_large_and_referenced_outputs_are_told_as_the_document_shows_them(client: Client, sink: Sink) -> None:
    asked: dict[str, Any] = {"outputs": {"filling": {"transmissionMode": "value"}}, "response": "document"}
    job_id = client.submit("fill", {"size": 300_000, "how": "path"}, subscriber=to(sink), **asked)
    assert sink.post("/success").body == client.get(f"/jobs/{job_id}/results").content
    asked = {"outputs": {"filling": {"transmissionMode": "reference"}}}
    client.submit("fill", {"size": 1_000, "how": "path"}, subscriber=to(sink, "/linked/"), **asked)
    href = sink.post("/linked/success").document["filling"]["href"]
    assert href.startswith(str(client.base_url))
    assert len(client.get(href).content) == 1_000


def test_failure_is_told_with_the_problem(client: Client, sink: Sink) -> None:
    job_id = client.submit("misbehave", {"how": "process-error"}, subscriber=to(sink))
    post = sink.post("/failed")
    assert post.headers["content-type"] == "application/problem+json"
    results = client.get(f"/jobs/{job_id}/results")
    assert post.document == {**results.json(), "instance": str(results.url)}
    assert post.document["detail"] == "outside the city limits"
    assert not sink.of("/success")


def test_a_lost_worker_and_a_time_limit_are_failures_too(client: Client, sink: Sink, tmp_path: Path) -> None:
    client.submit("misbehave", {"how": "crash"}, subscriber=to(sink, "/crash/"))
    client.submit("hard-limit", {"pids": str(tmp_path / "pids")}, subscriber=to(sink, "/limit/"))
    assert sink.post("/crash/failed").document["title"] == "Worker lost"
    assert sink.post("/limit/failed").document["title"] == "Time limit exceeded"


def test_dismissal_is_told_as_a_failure(client: Client, sink: Sink) -> None:
    job_id = client.submit("sleep", {"seconds": 60}, subscriber=to(sink))
    client.when(job_id, "running")
    assert client.delete(f"/jobs/{job_id}").status_code == 200
    document = sink.post("/failed").document
    assert (document["status"], document["detail"]) == (410, f"Job {job_id} was dismissed.")


def test_progress_is_told_while_the_job_runs(client: Client, sink: Sink) -> None:
    job_id = client.submit("report", {"percents": [10] * 8 + [20] * 8}, subscriber=to(sink))
    client.finished(job_id)
    sink.post("/success")
    posts = sink.of("/progress")
    assert {post.document["status"] for post in posts} == {"running"}
    assert {post.document["jobID"] for post in posts} == {job_id}
    told = [post.document["progress"] for post in posts]
    assert told == sorted(told)
    assert told[-1] > 0
    assert len(posts) < 8  # of 16 reports
    assert len({post.headers["webhook-id"] for post in sink.posts}) == len(sink.posts)


def test_a_synchronous_run_has_its_subscriber_told_too(client: Client, sink: Sink) -> None:
    answer = client.execute("simple_process", {"input_text": "sync"}, subscriber=to(sink))
    assert answer.text == "SYNC"
    assert sink.post("/success").document == {"output_text": "SYNC"}
    again = client.execute("simple_process", {"input_text": "sync"}, subscriber=to(sink, "/again/"))
    assert again.text == "SYNC"
    assert sink.post("/again/success").document == {"output_text": "SYNC"}


def test_a_synchronous_run_tells_of_no_links_that_lead_nowhere(client: Client, sink: Sink) -> None:
    client.execute("report", {"percents": [50, 60, 70, 80]}, subscriber=to(sink))
    assert "links" not in sink.post("/progress").document


def test_outputs_from_the_cache_are_told(client: Client, sink: Sink) -> None:
    inputs = {"size": 1234, "how": "bytes"}
    client.execute("fill", inputs)
    client.execute("fill", inputs, subscriber=to(sink))
    assert sink.post("/success").document["filling"]["encoding"] == "base64"


def test_a_sink_that_fails_is_tried_again_under_the_same_id(client: Client, sink: Sink) -> None:
    client.submit("simple_process", {"input_text": "x"}, subscriber={"successUri": sink.at("/fails-twice")})
    posts = wait_until(lambda: len(sink.posts) == 3 and sink.posts, 30)
    assert len({(post.headers["webhook-id"], post.body) for post in posts}) == 1


def test_a_sink_that_refuses_is_not_tried_again(client: Client, server: Server, sink: Sink) -> None:
    job_id = client.submit("simple_process", {"input_text": "x"}, subscriber={"successUri": sink.at("/refuses?key=k")})
    wait_until(lambda: f"job {job_id} gives up" in server.log(), 30, server.log)
    assert len(sink.posts) == 1
    assert "key=k" not in server.log()


def test_redirects_are_not_followed(client: Client, sink: Sink) -> None:
    client.submit("simple_process", {"input_text": "x"}, subscriber={"successUri": sink.at("/redirects")})
    wait_until(lambda: len(sink.of("/redirects")) == 2, 30)
    assert not sink.of("/elsewhere")


def test_a_dead_sink_changes_nothing_for_the_job(client: Client) -> None:
    dead = f"http://127.0.0.1:{free_port()}/"
    subscriber = dict.fromkeys(("successUri", "inProgressUri", "failedUri"), dead)
    job_id = client.submit("simple_process", {"input_text": "x"}, subscriber=subscriber)
    assert client.finished(job_id)["status"] == "successful"
    assert client.get(f"/jobs/{job_id}/results").text == "X"


def test_a_silent_sink_holds_up_neither_jobs_nor_other_callbacks(client: Client, sink: Sink) -> None:
    """More jobs than the worker has processes, all with a sink that never answers."""
    silent = [client.submit("simple_process", {"input_text": "x"}, subscriber=to(sink, "/hangs/")) for _ in range(12)]
    sink.post("/hangs/success")
    for job_id in silent:
        assert client.finished(job_id)["status"] == "successful"
        assert client.get(f"/jobs/{job_id}/results").text == "X"
    assert len(sink.of("/hangs/success")) == 1
    other = Sink()
    try:
        client.submit("simple_process", {"input_text": "y"}, subscriber=to(other))
        assert other.post("/success").document == {"output_text": "Y"}
        assert len(sink.of("/hangs/success")) <= 2
    finally:
        other.close()


WRONG = {
    "a number": (7, "must be a URL"),
    "nothing": (None, "must be a URL"),
    "no URL": ("http://[::1", "is no URL"),
    "a relative one": ("/callback", "only http and https"),
    "another scheme": ("ftp://127.0.0.1/", "only http and https"),
    "a password": ("http://user:secret@127.0.0.1/", "password"),
    "a forbidden address": ("http://169.254.169.254/latest/", "must not be asked"),
    "an unknown host": ("http://no-such-host.invalid/", "not known"),
}


@pytest.mark.parametrize("member", ["successUri", "inProgressUri", "failedUri"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_url_is_refused_before_anything_runs(client: Client, member: str, wrong: str) -> None:
    uri, words = WRONG[wrong]
    answer = client.execute("simple_process", {"input_text": 7}, subscriber={member: uri})
    assert answer.status_code == 400
    complaints = {error["path"]: error["message"] for error in answer.json()["errors"]}
    assert words in complaints[f"$.subscriber.{member}"]
    assert "$.inputs.input_text" in complaints


def test_a_subscriber_is_an_object_and_may_name_nothing(client: Client) -> None:
    answer = client.execute("simple_process", {"input_text": "x"}, subscriber="http://127.0.0.1/")
    assert [error["path"] for error in answer.json()["errors"]] == ["$.subscriber"]
    assert client.execute("simple_process", {"input_text": "x"}, subscriber={}).text == "X"


def lives_on(server: Server) -> bool:
    """Whether a process of the server is left; each inherits its environment."""
    mark = f"FP_STATE_DIR={server.state}".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in environment.read_bytes():
                return True
    return False


def test_a_signed_callback_survives_the_end_of_everything(published: Path, tmp_path: Path) -> None:
    """The sink is away when the job ends; the server is killed; both come back."""
    secret = {"FP_CALLBACK_SECRET": "whsec_" + base64.b64encode(SECRET).decode()}
    server = Server(published, tmp_path / "state", {**HOSTS, **secret, "FP_WORKER_CONCURRENCY": "1"})
    server.start()
    port = free_port()
    with Client(base_url=server.url, timeout=60) as client:
        uri = f"http://localhost:{port}/success"
        job_id = client.submit("simple_process", {"input_text": "x"}, subscriber={"successUri": uri})
        client.finished(job_id)
    assert server.process
    server.process.kill()
    server.process.wait()
    wait_until(lambda: not lives_on(server))
    sink = Sink(port)
    try:
        server.start()
        post = sink.post("/success", server.log)
        assert post.document == {"output_text": "X"}
        signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
        digest = base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256)).decode()
        assert post.headers["webhook-signature"] == f"v1,{digest}"
        assert server.stop() == 0, server.log()
    finally:
        sink.close()


def test_signatures_are_those_of_standard_webhooks() -> None:
    """The example of its specification; a secret may be any other text too."""
    secret, body = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), [b'{"test": ', b"2432232314}"]
    signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    plain = hmac.digest(b"plain", b"a.1.x", hashlib.sha256)
    assert sign(SecretStr("plain"), "a", "1", [b"x"]) == f"v1,{base64.b64encode(plain).decode()}"


def test_a_secret_that_is_no_base64_stops_the_start() -> None:
    with pytest.raises(StartError, match="must be base64"):
        load_settings(callback_secret="whsec_%%%")
