"""A request is followed through API, queue, worker and callback: in JSON lines, and in traces. No secret is told."""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from collector import Collector, collecting, facts
from serving import Client, Server, wait_until

from fastprocesses_server.jobs.api_keys import KeysInRedis, make_key
from fastprocesses_server.standalone.valkey import running_url

CANARY = f"canary{token_hex(8)}"
MODULE = """
import logging
from opentelemetry import trace

def measure(times: int = 1) -> str:
    with trace.get_tracer("author").start_as_current_span("authors"):
        logging.getLogger("opentelemetry.author").warning("is for operators")
        logging.getLogger("author").warning("is for clients")
        return "x" * times

def fail(text: str) -> str:
    raise ValueError(text)
"""
FILES = {
    "spans.py": MODULE,
    "measure.yaml": "callable: spans.measure\nversion: 1.0.0\n",
    "fail.yaml": "callable: spans.fail\nversion: 1.0.0\n",
}
SPAN = "b7ad6b7169203331"
STATE = "congo=t61rcWkgMzE,fw529a3039@dt=FfAAAAB8"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def followed(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It wants to know who asks where somebody says so, logs all it can as JSON, and has a canary in every secret."""
    folder = tmp_path_factory.mktemp("followed")
    (folder / "processes.d").mkdir()
    for name, text in FILES.items():
        (folder / "processes.d" / name).write_text(text)
    environment = {
        "FP_AUTH": "optional",
        "FP_CALLBACK_SECRET": CANARY,
        "FP_LOG_FILE": str(folder / "log.json"),
        "FP_LOG_FORMAT": "json",
        "FP_LOG_LEVEL": "TRACE",
        "FP_REFERENCE_HOSTS": "127.0.0.1",
        "FP_WORKER_CONCURRENCY": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"x-canary={CANARY}",
    }
    server = Server(folder / "processes.d", folder / "state", environment)
    server.start()
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture(scope="module")
def key(followed: Server) -> str:
    secret, key = make_key("ada", (), None, datetime.now(UTC))
    assert KeysInRedis(running_url(followed.state) or "").add(key)
    return secret


@pytest.fixture
def client(followed: Server) -> Iterator[Client]:
    with Client(base_url=followed.url, timeout=60) as client:
        yield client


def submit(
    client: Client, process: str, inputs: Mapping[str, str], trace: str, headers: Mapping[str, str], **members: object
) -> str:
    """The id of a job in that trace."""
    headers = {"Prefer": "respond-async", "traceparent": f"00-{trace}-{SPAN}-01", **headers}
    answer = client.post(f"/processes/{process}/execution", json={"inputs": inputs, **members}, headers=headers)
    assert answer.status_code == 201, answer.text
    job_id: str = answer.json()["jobID"]
    return job_id


def lines(server: Server, **known: object) -> list[dict[str, Any]]:
    """Of the log, with the facts that are named."""
    written = map(json.loads, Path(server.environment["FP_LOG_FILE"]).read_text().splitlines())
    return [line for line in written if known.items() <= line.items()]


def test_a_trace_leads_from_the_request_through_the_queue_into_the_callable_and_on(
    client: Client, collector: Collector, followed: Server, key: str
) -> None:
    trace = token_hex(16)
    named = {"X-Request-Id": "my.request-1", "X-API-Key": key, "tracestate": STATE}

    job_id = submit(client, "measure", {}, trace, named, subscriber={"successUri": f"{collector.url}/told"})
    wait_until(lambda: {"tell successful", "run measure", "authors"} <= collector.of(trace).keys(), 20, followed.log)
    told = lines(followed, job_id=job_id)

    spans = collector.of(trace)
    request, submission = spans["POST /processes/{process_id}/execution"], spans["submit measure"]
    run, authors, callback = spans["run measure"], spans["authors"], spans["tell successful"]
    assert request.parent_span_id.hex() == SPAN
    assert submission.parent_span_id == request.span_id
    assert run.parent_span_id == submission.span_id
    assert authors.parent_span_id == run.span_id
    assert callback.parent_span_id == submission.span_id
    assert [one.kind for one in (request, submission, run, authors, callback)] == [2, 4, 5, 1, 3]
    assert facts(request)["http.response.status_code"] == 201
    assert facts(run) == {
        "ogc.process.id": "measure",
        "ogc.job.id": job_id,
        "ogc.job.attempt": 1,
        "ogc.job.status": "successful",
    }
    assert collector.services == {"fastprocesses-server"}
    assert collector.headers["/v1/traces"]["x-canary"] == CANARY
    assert {one.trace_state for one in (request, submission, run, authors, callback)} == {STATE}
    assert collector.headers["/told"]["tracestate"] == STATE
    assert collector.headers["/told"]["traceparent"] == f"00-{trace}-{callback.span_id.hex()}-01"

    whole = {"job_id": job_id, "request_id": "my.request-1", "trace_id": trace, "caller": "key:ada"}
    assert lines(followed, **whole, process_id="measure", attempt=1, message=f"job {job_id} successful")
    assert lines(followed, **whole, message=f"job {job_id} accepted: measure 1.0.0")
    assert all(whole.items() <= line.items() for line in told if "request_id" in line)
    (access,) = wait_until(lambda: lines(followed, request_id="my.request-1", status=201))
    assert access["level"] == "INFO"
    assert (access["method"], access["path"]) == ("POST", "/processes/measure/execution")


def test_what_a_failed_job_raised_is_one_line_and_no_part_of_its_span(
    client: Client, collector: Collector, followed: Server
) -> None:
    trace = token_hex(16)

    job_id = submit(client, "fail", {"text": "bad\nline"}, trace, {})
    wait_until(lambda: "run fail" in collector.of(trace), 20, followed.log)

    (line,) = lines(followed, message=f"job {job_id} failed", level="ERROR")
    assert line["details"].endswith("ValueError: bad\nline")
    run = collector.of(trace)["run fail"]
    assert facts(run)["ogc.job.status"] == "failed"
    assert run.status.code == 2
    assert not run.events
    assert not run.status.message


def test_what_exporters_say_is_not_in_the_log_of_the_job(client: Client, followed: Server) -> None:
    job_id = client.submit("measure", {})
    client.finished(job_id)

    said = [line["text"] for line in client.get(f"/jobs/{job_id}/logs").json()]
    assert said == ["author: is for clients"]
    assert lines(followed, message="opentelemetry.author: is for operators", job_id=job_id, level="WARNING")


@pytest.mark.parametrize("name", ["", "x" * 65, "a b", "a;b"])
def test_a_request_gets_a_name_where_it_has_no_good_one(client: Client, followed: Server, name: str) -> None:
    answers = [client.get("/processes", headers={"X-Request-Id": name} if name else {}) for _ in range(2)]
    first, second = (answer.headers["X-Request-Id"] for answer in answers)

    assert name not in {first, second}
    assert first != second
    assert wait_until(lambda: lines(followed, request_id=first, path="/processes", status=200, level="DEBUG"))


def test_every_line_of_the_terminal_is_json_and_says_who_wrote_it(followed: Server) -> None:
    said = [json.loads(line) for line in followed.log().splitlines()]

    assert {"dev", "api", "worker"} <= {line["program"] for line in said}
    assert all({"time", "level", "message"} <= line.keys() for line in said)


def test_browsers_may_send_and_read_the_name(client: Client) -> None:
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"}
    asked["Access-Control-Request-Headers"] = "x-request-id, traceparent, tracestate"

    assert client.options("/processes", headers=asked).status_code == 200
    answer = client.get("/processes", headers={"Origin": "http://localhost:3000", "X-Request-Id": "mine"})
    assert answer.headers["X-Request-Id"] == "mine"
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]


def test_health_is_told_at_trace_and_makes_no_span(client: Client, collector: Collector, followed: Server) -> None:
    name = client.get("/health/ready").headers["X-Request-Id"]

    line = wait_until(lambda: lines(followed, request_id=name))[0]
    assert line["level"] == "TRACE"
    assert "trace_id" not in line
    assert not [span for span in collector.spans if "/health" in span.name]


def send_canaries(client: Client) -> None:
    """In all that may be a secret of somebody who asks."""
    headers = {
        "Authorization": f"Bearer {CANARY}",
        "X-API-Key": CANARY,
        "Cookie": f"fastprocesses={CANARY}; session={CANARY}",
        "Idempotency-Key": CANARY,
        "X-Request-Id": f"a {CANARY}",
        "traceparent": CANARY,
        "tracestate": f"a={CANARY}",
        "baggage": f"a={CANARY}",
    }
    basic = base64.b64encode(f"u:{CANARY}".encode()).decode()
    for name, value in [*headers.items(), ("Authorization", f"Basic {basic}"), ("X-Request-Id", f"a;{CANARY}")]:
        client.get(f"/processes?token={CANARY}", headers={name: value})
        client.post(f"/processes/fail/execution?token={CANARY}", json={"inputs": {"no": CANARY}}, headers={name: value})
        client.get(f"/nowhere?token={CANARY}", headers={name: value, "Accept": "text/html"})


def test_no_secret_is_in_any_line_of_json(client: Client, collector: Collector, followed: Server, key: str) -> None:
    send_canaries(client)
    client.get("/processes", headers={"X-API-Key": key})
    written = wait_until(lambda: lines(followed, path="/nowhere", status=404))

    assert written
    for log in (Path(followed.environment["FP_LOG_FILE"]).read_text(), followed.log()):
        assert CANARY not in log
        assert key not in log
    assert not any(CANARY in str(span) for span in collector.spans)


def test_no_secret_is_in_any_line_of_text(server: Server) -> None:
    with Client(base_url=server.url, timeout=60) as client:
        send_canaries(client)

    assert CANARY not in server.log()
