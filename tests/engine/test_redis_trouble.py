"""A Redis that hangs, dies or refuses: every request is answered in time, and accepted jobs go on when it is over."""

import importlib
import pkgutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from serving import ROOT, Client, OwnValkey, Part, free_port, own_valkey, shared_environment, wait_until

from fastprocesses_server import api
from fastprocesses_server.api.callers import login
from fastprocesses_server.jobs.connection import STORE_ERRORS, connect

BOUND = 10.0
"""Seconds in which everything is answered."""

AT_ONCE = 1.0
"""Seconds of what waits for nothing, on a busy machine."""

PASSWORD = "hunter2"  # noqa: S105

STATIC = "pages.css"
LOGO = str(ROOT / "fastprocesses_server" / "api" / "pages" / "static" / "icon.svg")

NEED_NO_REDIS = {
    "/",
    "/api",
    "/conformance",
    "/schemas/description-file.json",
    "/health/live",
    "/metrics",
    "/processes",
    "/processes/{process_id}",
    "/processes/{process_id}/validation",
    "/logo",
    "/static/{path:path}",
}


class Trouble(NamedTuple):
    """A server whose Valkey gets into trouble."""

    valkey: OwnValkey
    api: Part
    worker: Part
    client: Client

    def logs(self) -> str:
        return self.api.log() + self.worker.log()


@pytest.fixture(scope="module")
def trouble(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trouble]:
    folder = tmp_path_factory.mktemp("trouble")
    with ExitStack() as stack:
        port = free_port()
        settings = f"port {port}\nbind 127.0.0.1\nrequirepass {PASSWORD}\nenable-protected-configs yes\n"
        url = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
        valkey = stack.enter_context(own_valkey(folder, url, settings))
        environment = {
            **shared_environment(valkey.url, published, folder),
            "FP_WORKER_CONCURRENCY": "2",
            "FP_LOGO": LOGO,
        }
        serve, worker = (Part(command, folder=folder, environment=environment) for command in ("serve", "worker"))
        client = Client(base_url=f"http://127.0.0.1:{environment['FP_PORT']}", timeout=60)
        stack.enter_context(client)
        for part in (serve, worker):
            part.start()
            stack.callback(part.stop)
        wait_until(lambda: is_ready(client), 60, lambda: serve.log() + worker.log())
        yield Trouble(valkey, serve, worker, client)


@pytest.fixture(autouse=True)
def healed(trouble: Trouble) -> Iterator[None]:
    """After each trouble everything works again, and neither API nor worker were started anew."""
    yield
    wait_until(lambda: is_ready(trouble.client), 60, trouble.logs)
    assert trouble.client.execute("simple_process", {"input_text": "well"}).text == "WELL"
    for part in (trouble.api, trouble.worker):
        assert part.process
        assert part.process.poll() is None, part.log()
        assert "Traceback" not in part.log()
        assert PASSWORD not in part.log()


def is_ready(client: Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


class Call(NamedTuple):
    method: str
    path: str
    prefer: str = ""


def all_calls() -> list[Call]:
    """Every route of a server that asks nobody who they are, and both modes of an execution."""
    modules = [
        importlib.import_module(f"{api.__name__}.{module.name}") for module in pkgutil.iter_modules(api.__path__)
    ]
    found = [
        Call(method, route.path)
        for module in modules
        for route in (module.router.routes if hasattr(module, "router") else ())
        for method in sorted(route.methods)
        if module is not login
    ]
    assert len(found) > 20
    return [*found, Call("POST", "/processes/{process_id}/execution", "respond-async")]


CALLS = all_calls()


def ask(client: httpx.Client, call: Call, job_id: str) -> tuple[httpx.Response, float]:
    """The answer, and the seconds it took."""
    path = call.path.replace(":path", "").format(process_id="echo", job_id=job_id, output="message", path=STATIC)
    body: Any = {"json": {"inputs": {"message": "hello"}}} if call.method == "POST" else {}
    headers = {"Prefer": call.prefer} if call.prefer else {}
    began = time.monotonic()
    response = client.request(call.method, path, headers=headers, **body)
    return response, time.monotonic() - began


def ask_all(client: Client, job_id: str) -> list[tuple[httpx.Response, float]]:
    """All at once: none waits for another."""
    with ThreadPoolExecutor(len(CALLS)) as pool:
        return list(pool.map(lambda call: ask(client, call, job_id), CALLS))


def assert_is_away(response: httpx.Response, call: Call) -> None:
    assert response.status_code == 503, (call, response.text)
    assert int(response.headers["retry-after"]) > 0
    for secret in (PASSWORD, "127.0.0.1", "sock"):
        assert secret not in response.text.lower()
    if call.method != "HEAD" and call.path != "/health/ready":
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == 503


def assert_all_answer(trouble: Trouble, job_id: str) -> None:
    for call, (response, seconds) in zip(CALLS, ask_all(trouble.client, job_id), strict=True):
        print(f"{call.method:7}{call.path:40}{call.prefer:14} {response.status_code} {seconds:5.2f} s")
        assert seconds < BOUND
        if call.path in NEED_NO_REDIS:
            assert response.status_code == 200, (call, response.text)
        else:
            assert_is_away(response, call)


@contextmanager
def held(valkey: OwnValkey) -> Iterator[None]:
    valkey.send(signal.SIGSTOP)
    try:
        yield
    finally:
        valkey.send(signal.SIGCONT)


def finished_job(client: Client) -> str:
    job_id = client.submit("echo", {"message": "hello"})
    client.finished(job_id)
    return job_id


def test_while_redis_hangs_every_route_answers(trouble: Trouble) -> None:
    job_id = finished_job(trouble.client)
    with held(trouble.valkey):
        assert_all_answer(trouble, job_id)
    assert trouble.client.status(job_id)["status"] == "successful"


def test_requests_that_hang_hold_up_no_other(trouble: Trouble) -> None:
    needing = Call("POST", "/processes/{process_id}/execution", "respond-async")
    with held(trouble.valkey), ThreadPoolExecutor(100) as pool, Client(base_url=trouble.client.base_url) as other:
        hanging = [pool.submit(ask, trouble.client, needing, "") for _ in range(100)]
        slowest, looks = 0.0, 0
        while not all(one.done() for one in hanging):
            for path in ("/health/live", "/processes"):
                response, seconds = ask(other, Call("GET", path), "")
                assert response.status_code == 200
                slowest, looks = max(slowest, seconds), looks + 1
        took = [one.result()[1] for one in hanging]
        print(f"{looks} looks, the slowest {slowest:.2f} s, beside 100 requests of up to {max(took):.2f} s")
        assert all(one.result()[0].status_code == 503 for one in hanging)
        assert slowest < AT_ONCE
        assert max(took) < BOUND


def test_while_redis_is_killed_every_route_answers(trouble: Trouble) -> None:
    job_id = finished_job(trouble.client)
    trouble.valkey.kill()
    assert_all_answer(trouble, job_id)
    trouble.valkey.start()
    wait_until(trouble.valkey.answers)
    assert trouble.client.status(job_id)["status"] == "successful"


@pytest.mark.parametrize("seconds", [0.5, 12.0])
def test_who_waits_for_a_result_while_redis_is_away_hears_of_it(trouble: Trouble, seconds: float) -> None:
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        waiting = pool.submit(trouble.client.execute, "sleep", {"seconds": 3})
        wait_until(lambda: waiting.running() and trouble.worker.log().count("running: sleep"))
        time.sleep(1)
        trouble.valkey.kill()
        time.sleep(seconds)
        trouble.valkey.start()
        response = waiting.result(60)
        print(f"away for {seconds} s: {response.status_code} after {time.monotonic() - began:.2f} s")
    assert response.status_code in (200, 503), response.text
    if response.status_code == 503:
        assert_is_away(response, Call("POST", "/processes/{process_id}/execution"))


WRITES = [
    Call("POST", "/processes/{process_id}/execution"),
    Call("POST", "/processes/{process_id}/execution", "respond-async"),
    Call("GET", "/health/ready"),
]
"""A full store still lets jobs be removed."""


@contextmanager
def full(valkey: OwnValkey) -> Iterator[None]:
    with connect(valkey.url) as redis:
        redis.config_set("maxmemory", 1)
        try:
            yield
        finally:
            redis.config_set("maxmemory", 0)


@contextmanager
def replica(valkey: OwnValkey) -> Iterator[None]:
    with connect(valkey.url) as redis:
        redis.replicaof("127.0.0.1", str(free_port()))
        try:
            yield
        finally:
            redis.replicaof("NO", "ONE")


@contextmanager
def other_password(valkey: OwnValkey) -> Iterator[None]:
    with connect(valkey.url) as redis:
        redis.config_set("requirepass", "changed")
        redis.client_kill_filter(_type="normal", skipme=True)
        try:
            yield
        finally:
            redis.config_set("requirepass", PASSWORD)


@contextmanager
def unsaved(valkey: OwnValkey) -> Iterator[None]:
    """Its snapshots fail, as on a full disk."""
    (valkey.valkey.data / "blocked").mkdir(exist_ok=True)
    with connect(valkey.url) as redis:
        redis.config_set("dbfilename", "blocked")
        redis.config_set("save", "3600 1")
        redis.bgsave()
        wait_until(lambda: redis.info("persistence")["rdb_last_bgsave_status"] == "err")
        try:
            yield
        finally:
            redis.config_set("save", "")


@contextmanager
def loading(valkey: OwnValkey) -> Iterator[None]:
    with connect(valkey.url) as redis, redis.pipeline(transaction=False) as pipeline:
        for number in range(80_000):
            pipeline.set("filler", number)
        pipeline.execute()
    wait_until(lambda: not _said(valkey))
    valkey.kill()
    valkey.start("key-load-delay 100\n")
    wait_until(lambda: "loading" in _said(valkey))
    yield
    wait_until(valkey.answers, 60)


def _said(valkey: OwnValkey) -> str:
    try:
        with connect(valkey.url) as redis:
            redis.ping()
            return ""
    except STORE_ERRORS as error:
        return str(error)


@pytest.mark.parametrize(
    ("troubled", "said"),
    [
        (full, "is full"),
        (replica, "is a replica, which takes no jobs"),
        (other_password, "The job store does not let this server in"),
        (unsaved, "The job store cannot write its data to disk"),
        (loading, "The job store is still loading its data"),
    ],
)
def test_a_redis_that_refuses_is_told_and_jobs_go_on_when_it_is_over(
    trouble: Trouble, troubled: Callable[[OwnValkey], AbstractContextManager[None]], said: str
) -> None:
    done, removed = finished_job(trouble.client), finished_job(trouble.client)
    running = [trouble.client.submit("sleep", {"seconds": 4}) for _ in range(2)]
    for job_id in running:
        trouble.client.when(job_id, "running")
    waiting = trouble.client.submit("echo", {"message": "later"})
    with troubled(trouble.valkey):
        end = time.monotonic() + 6  # what runs ends meanwhile
        heard = set()
        while time.monotonic() < end:
            for call in WRITES:
                response, seconds = ask(trouble.client, call, done)
                assert seconds < BOUND
                assert_is_away(response, call)
                heard.add(response.json().get("detail"))
            for call, (response, _) in zip(CALLS, ask_all(trouble.client, removed), strict=True):
                assert response.status_code in (200, 410, 503), (call, response.text)
        assert any(text and said in text for text in heard), heard
    for job_id in (*running, waiting):
        document = trouble.client.finished(job_id)
        assert document["status"] == "successful", document
    assert trouble.client.status(done)["status"] == "successful"
