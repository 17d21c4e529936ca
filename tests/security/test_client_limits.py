"""How much clients may ask for: of one server with every limit set, behind a proxy that says who they are.

LOAD_LIMIT=1000 has a queue of 1,000 and sends 5,000 submissions.
"""

import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import psutil
import pytest
from greeting import publish
from openapi_spec_validator import validate
from serving import PLAIN, Client, Part, own_valkey, shared_environment, wait_until

from fastprocesses_server.api.client import origin
from fastprocesses_server.api.middleware.rate_limit import is_free, limit_headers
from fastprocesses_server.errors import StartError
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.rates import Count
from fastprocesses_server.settings import load_settings
from fastprocesses_server.settings.quotas import Rate

LIMIT = int(os.environ.get("LOAD_LIMIT", "100"))
RATE, OF_CLIENT = 40, 10
SLOW = 500
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
addresses = (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in count(1))


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("2001:db8:1:2:aaaa::1", [], "2001:db8:1:2::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        ("", ["198.51.100.1"], "socket"),
    ],
)
def test_a_client_is_an_address_that_nobody_can_choose(peer: str, forwarded: list[str], counted: str) -> None:
    assert origin(peer, forwarded, ("10.0.0.0/8",)) == counted


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("100/minute", Rate(100, 60)),
        ("5 / second", Rate(5, 1)),
        ("20/10 seconds", Rate(20, 10)),
        ("1000/2hours", Rate(1000, 7200)),
        ("1/day", Rate(1, 86400)),
    ],
)
def test_rates_are_written_as_people_say_them(written: str, rate: Rate) -> None:
    assert load_settings(rate_limit=written).rate_limit == rate


@pytest.mark.parametrize("written", ["100", "0/minute", "100/fortnight", "/minute", "1.5/minute", "100/0 minutes"])
def test_a_rate_without_a_meaning_is_an_error_with_an_example(written: str) -> None:
    with pytest.raises(StartError, match="FP_RATE_LIMIT: write how many requests in which time"):
        load_settings(rate_limit=written)


def test_what_is_left_is_never_less_than_nothing() -> None:
    told = limit_headers(Rate(100, 60), Count(250, 7))
    assert told == {"RateLimit-Policy": '"requests";q=100;w=60', "RateLimit": '"requests";r=0;t=7'}


def test_what_operators_and_browsers_need_is_not_counted() -> None:
    free = ("/health/live", "/health/ready", "/metrics", "/static/pages.css", "/logo")
    assert all(is_free("GET", path) for path in free)
    assert is_free("OPTIONS", "/processes/x/execution")
    assert not any(is_free("GET", path) for path in ("/", "/jobs", "/api", "/processes/health/execution"))


@dataclass(frozen=True)
class Limited:
    api: Part
    worker: Part
    url: str
    redis_url: str

    def client(self, address: str = "") -> Client:
        """One that is counted for itself."""
        return Client(base_url=self.url, timeout=60, headers={"X-Forwarded-For": address or next(addresses)})

    def connection(self, *lines: str) -> socket.socket:
        """With the beginning of a request."""
        connection = socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=20)
        head = [*lines, "Host: localhost", f"X-Forwarded-For: {next(addresses)}"]
        connection.sendall("".join(f"{line}\r\n" for line in head).encode())
        return connection


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Limited]:
    folder = tmp_path_factory.mktemp("limited")
    processes = publish(folder)
    with own_valkey(folder) as valkey:
        environment = {
            **shared_environment(valkey.url, processes, folder),
            "FP_TRUSTED_PROXIES": "127.0.0.1",
            "FP_RATE_LIMIT": f"{RATE}/hour",
            "FP_MAX_JOBS_PER_CLIENT": str(OF_CLIENT),
            "FP_MAX_QUEUE": str(LIMIT),
            "FP_MAX_BODY_SIZE": "100kB",
        }
        api, worker = (Part(command, folder=folder, environment=environment) for command in ("serve", "worker"))
        server = Limited(api, worker, f"http://127.0.0.1:{environment['FP_PORT']}", valkey.url)
        api.start()
        wait_until(lambda: answers(server.url), 60, api.log)
        yield server
        assert worker.stop() == api.stop() == 0
        assert "fault " not in api.log(), api.log()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=5, verify=PLAIN).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def client(limited: Limited) -> Iterator[Client]:
    with limited.client() as client:
        yield client


def test_a_client_hears_what_is_left_until_nothing_is(limited: Limited, client: Client) -> None:
    for left in range(RATE - 1, -1, -1):
        response = client.get("/conformance" if left % 2 else "/nowhere")
        assert response.headers["RateLimit-Policy"] == f'"requests";q={RATE};w=3600'
        assert response.headers["RateLimit"].startswith(f'"requests";r={left};t=')
    refused = client.get("/conformance", headers={"Origin": "http://localhost:3000"})
    assert refused.status_code == 429
    assert 3000 < int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["RateLimit"] == f'"requests";r=0;t={refused.headers["Retry-After"]}'
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert {"RateLimit", "Retry-After"} <= set(refused.headers["Access-Control-Expose-Headers"].split(", "))
    problem = refused.json()
    assert (problem["type"], problem["violated-policies"]) == (QUOTA_EXCEEDED, ["requests"])
    assert "<h1>Too many requests</h1>" in client.get("/", headers={"Accept": "text/html"}).text
    for path in ("/health/live", "/static/pages.css"):
        free = client.get(path)
        assert free.status_code == 200
        assert "RateLimit" not in free.headers
    with limited.client() as other:
        assert other.get("/conformance").status_code == 200


def test_the_definition_says_so(client: Client) -> None:
    definition = client.get("/api").json()
    validate(definition)
    paths = definition["paths"]
    for path, methods in paths.items():
        for operation in methods.values():
            assert ("429" in operation["responses"]) is not is_free("GET", path), path
    assert {"RateLimit", "RateLimit-Policy"} <= set(paths["/jobs"]["get"]["responses"]["200"]["headers"])
    assert set(definition["components"]["responses"]["problem429"]["headers"]) == {
        *("RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id")
    }


def test_a_client_has_so_many_jobs_at_once(limited: Limited, client: Client) -> None:
    mine = [client.submit("greet", {"name": str(n)}) for n in range(OF_CLIENT)]
    refused = client.execute("greet", {"name": "x"}, "respond-async")
    assert (refused.status_code, refused.json()["violated-policies"]) == (429, ["jobs"])
    assert refused.headers["Retry-After"] == "10"
    with limited.client() as other:
        assert other.delete(f"/jobs/{other.submit('greet', {'name': 'x'})}").status_code == 200
    assert client.delete(f"/jobs/{mine.pop()}").status_code == 200
    mine.append(client.submit("greet", {"name": "again"}))
    for job_id in mine:
        assert client.delete(f"/jobs/{job_id}").status_code == 200


BODY = b'{"inputs": {"name": "' + b"x" * 150_000 + b'"}}'


def chunks(body: bytes) -> Iterator[bytes]:
    for begin in range(0, len(body), 10_000):
        yield body[begin : begin + 10_000]


def test_a_body_is_counted_however_it_comes(client: Client) -> None:
    path, headers = "/processes/greet/validation", {"Content-Type": "application/json"}
    for content in (BODY, chunks(BODY), chunks(b"[" * 2_000_000)):
        assert client.post(path, content=content, headers=headers).status_code == 413
    small = b'{"inputs": {"name": "' + b"x" * 50_000 + b'"}}'
    assert client.post(path, content=chunks(small), headers=headers).json()["valid"]


@pytest.mark.parametrize(
    "lengths",
    [
        ["Content-Length: -1"],
        ["Content-Length: 99999999999999999999999999"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Content-Length: 0x10"],
    ],
    ids=["negative", "huge", "two", "and chunks", "hexadecimal"],
)
def test_a_length_without_a_meaning_is_refused(limited: Limited, lengths: list[str]) -> None:
    with limited.connection("POST /processes/greet/execution HTTP/1.1", *lengths) as connection:
        connection.sendall(b"\r\n{}")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")


def test_a_length_that_is_a_lie_harms_nobody(limited: Limited, client: Client) -> None:
    line = "POST /processes/greet/validation HTTP/1.1"
    with limited.connection(line, "Content-Length: 2") as too_small:
        too_small.sendall(b'\r\n{"inputs": {"name": "x"}}')
        assert too_small.recv(1000).startswith(b"HTTP/1.1 400")
    for length in ("Content-Length: 1000", "Content-Length: 90000000000"):
        with limited.connection(line, length) as too_large:
            too_large.sendall(b'\r\n{"inputs": {"name": "x"}}')
    assert client.get("/conformance").status_code == 200


DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"/processes?limit={DIGITS}", {}),
        (f"/processes?offset={DIGITS}", {}),
        (f"/jobs?limit={DIGITS}", {}),
        (f"/jobs?offset={DIGITS}", {}),
        (f"/jobs?offset=-{DIGITS}", {}),
        (f"/jobs?minDuration={DIGITS}", {}),
        (f"/jobs?maxDuration=1e{DIGITS}", {}),
        (f"/jobs?datetime={DIGITS}-01-01T00:00:00Z", {}),
        (f"/jobs?cursor={DIGITS}", {}),
        (f"/jobs?processID={','.join(map(str, range(5000)))}", {}),
        ("/jobs?" + "&".join(f"a{n}=1" for n in range(5000)), {}),
        (f"/jobs?{'a' * 50_000}=1", {}),
        (f"/processes?q={'a+' * 20_000}", {}),
        (f"/jobs/{'a' * 50_000}", {"Prefer": f"wait={DIGITS}"}),
        (f"/jobs/{'%00' * 10_000}/results/{'a' * 10_000}", {"Range": f"bytes={DIGITS}-{DIGITS}"}),
        (f"/processes/{'gree' * 10_000}", {"Accept": "a/b;q=0.1," * 5000}),
        ("/", {"Accept-Language": "a;q=1," * 5000, "If-None-Match": '"a",' * 9000}),
        (f"/jobs/x/events?{DIGITS}", {"Last-Event-ID": DIGITS}),
    ],
)
def test_numbers_and_names_of_any_length_are_no_fault(client: Client, path: str, headers: dict[str, str]) -> None:
    begun = time.monotonic()
    response = client.get(path, headers=headers)
    assert response.status_code < 500, response.text[:1000]
    assert len(response.content) < 300_000
    assert time.monotonic() - begun < 10


def test_a_preference_of_any_length_is_no_fault(client: Client) -> None:
    for prefer in (f"wait={DIGITS}", f"wait=-{DIGITS}", "respond-async," * 3000):
        response = client.post(
            "/processes/greet/validation", json={"inputs": {"name": "x"}}, headers={"Prefer": prefer}
        )
        assert response.status_code in (200, 400), response.text[:1000]


def test_slow_clients_do_not_block_others(limited: Limited, figure: Callable[..., None]) -> None:
    line = "POST /processes/greet/execution HTTP/1.1"
    slow = [limited.connection(line, *(["Content-Length: 100"] * (n % 2))) for n in range(SLOW)]
    for n, connection in enumerate(slow):
        connection.sendall(b"\r\n{" if n % 2 else b"X-Slow: ")
    longest = 0.0
    with limited.client() as client:
        for _ in range(RATE // 2):
            begun = time.monotonic()
            assert client.get("/processes", headers={"Connection": "close"}).status_code == 200
            longest = max(longest, time.monotonic() - begun)
            for connection in slow:
                connection.sendall(b" ")
    figure(f"/processes beside {SLOW} slow clients, the longest", longest, "s", at_most=5)
    for connection in slow:
        connection.close()


def submit(client: Client) -> list[httpx.Response]:
    """As many jobs as one may have."""
    headers = {"Prefer": "respond-async", "X-Forwarded-For": next(addresses)}
    bodies = [{"inputs": {"name": str(n)}} for n in range(OF_CLIENT)]
    return [client.post("/processes/greet/execution", json=body, headers=headers) for body in bodies]


def test_a_queue_that_is_full_loses_no_job(limited: Limited, figure: Callable[..., None]) -> None:
    """Five times as many submissions as it takes; then a worker comes."""
    assert limited.api.process
    process: Any = psutil.Process(limited.api.process.pid)
    with limited.client() as client, ThreadPoolExecutor(8) as pool:
        submit(client)
        before = process.memory_info().rss
        answers = [one for many in pool.map(submit, [client] * (LIMIT // 2)) for one in many]
    grown = (process.memory_info().rss - before) / 2**20
    assert Counter(one.status_code for one in answers) == {201: LIMIT - OF_CLIENT, 503: 4 * LIMIT + OF_CLIENT}
    refused = [one for one in answers if one.status_code == 503]
    assert all(5 <= int(one.headers["Retry-After"]) <= 600 for one in refused)
    assert refused[0].json()["title"] == "The queue is full"
    figure("memory of the API", process.memory_info().rss / 2**20, "MiB")
    figure(f"memory of the API, grown by {len(answers)} submissions", grown, "MiB", at_most=40)
    accepted = {one.json()["jobID"] for one in answers if one.status_code == 201}
    limited.worker.start()
    with connect(limited.redis_url) as redis:
        wait_until(lambda: not redis.exists("fp:jobs:accepted", "fp:jobs:running"), 300, limited.worker.log)
        statuses = Counter(redis.hget(f"fp:job:{job_id}", "status") for job_id in accepted)
        assert statuses == {b"successful": LIMIT - OF_CLIENT}
        assert not list(redis.scan_iter("fp:jobs-at-once:*"))
    with limited.client() as client:
        assert client.execute("greet", {"name": "you"}).text == "Hello, you"
