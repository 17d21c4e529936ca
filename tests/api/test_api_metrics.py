"""Metrics: any API process answers for all processes of the server, and to whom."""

import asyncio
import re
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from serving import ROOT, Client, OwnValkey, Part, free_port, own_valkey, shared_environment, wait_until
from upper import make_registry

from fastprocesses_server.api.app import create_app
from fastprocesses_server.api.callers.caller import Caller
from fastprocesses_server.api.metric_families import about, of_store
from fastprocesses_server.api.metrics import check_access
from fastprocesses_server.errors import Forbidden, Problem, Unauthorized
from fastprocesses_server.jobs.counts import Measures
from fastprocesses_server.settings import Settings

Labels = Mapping[str, str]
ROUTE = "/processes/{process_id}/execution"
TOKEN = "of-the-scraper"  # noqa: S105


def samples(text: str) -> Iterator[tuple[str, Labels, float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name.removeprefix("fastprocesses_"), sample.labels, sample.value


def total(text: str, name: str, **labels: str) -> float:
    """Of all samples of a metric that have these labels."""
    return sum(value for other, has, value in samples(text) if other == name and labels.items() <= has.items())


class Stack:
    """Two API processes and a worker on one Valkey."""

    def __init__(self, valkey: OwnValkey, processes: Path, folder: Path) -> None:
        self.valkey = valkey
        environment = shared_environment(valkey.url, processes, folder)
        environment |= {"FP_WORKER_LEASE_SECONDS": "2", "FP_METRICS_TOKEN": TOKEN}
        ports = [free_port(), free_port()]
        self.apis = [Part("serve", folder=folder, environment={**environment, "FP_PORT": str(port)}) for port in ports]
        self.worker = Part("worker", folder=folder, environment=environment)
        self.clients = [Client(base_url=f"http://127.0.0.1:{port}", timeout=60) for port in ports]

    def start(self) -> None:
        for part in (*self.apis, self.worker):
            part.start()
        for client, api in zip(self.clients, self.apis, strict=True):
            wait_until(lambda client=client: is_ready(client), 60, api.log)

    def metrics(self, number: int) -> str:
        response = self.clients[number].get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert response.status_code == 200, response.text
        return response.text

    def stop(self) -> None:
        for part in (*self.apis, self.worker):
            if part.process and part.process.poll() is None:
                part.stop()
        for client in self.clients:
            client.close()


def is_ready(client: Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    processes = tmp_path / "processes.d"
    processes.mkdir()
    (processes / "shout.yaml").write_text("callable: shouting.shout\nresults: {cache: 1h}\n")
    (processes / "shouting.py").write_text(
        "def shout(text: str) -> str:\n"
        '    """Shout."""\n'
        '    if text == "no":\n'
        '        raise ValueError("no")\n'
        "    return text.upper()\n"
    )
    with own_valkey(tmp_path) as valkey:
        stack = Stack(valkey, processes, tmp_path)
        stack.start()
        yield stack
        stack.stop()


def test_sums_are_right_whichever_process_is_asked_and_whatever_ends(stack: Stack) -> None:
    one, two = stack.clients
    jobs = [client.submit("shout", {"text": text}) for client in (one, two) for text in ("a", "b", "no")]
    for job_id in jobs:
        one.finished(job_id)
    assert two.execute("shout", {"text": "a"}).text
    assert two.execute("shout", {"text": "no"}).status_code == 500
    refused = one.get("/metrics")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="processes"')
    check_jobs(stack)
    check_requests(stack)
    stack.apis[0].stop()
    before = total(stack.metrics(1), "http_requests_total", route=ROUTE)
    assert before == 8
    check_lost_worker(stack)
    stack.valkey.kill()
    text = stack.metrics(1)
    assert (total(text, "store_up"), total(text, "store_fit")) == (0, 0)
    assert "fastprocesses_jobs_ended" not in text


def check_jobs(stack: Stack) -> None:
    for number in (0, 1):
        text = stack.metrics(number)
        assert total(text, "jobs_accepted_total", process="shout") == 7  # one was answered from the cache alone
        assert total(text, "jobs_ended_total", status="successful") == 4
        assert total(text, "jobs_ended_total", status="failed") == 3
        assert total(text, "jobs_ended_total", status="dismissed") == 0
        assert total(text, "jobs_unfinished") == 0
        runs = total(text, "job_run_seconds_count", process="shout")
        assert runs == total(text, "job_wait_seconds_count") == total(text, "job_attempts_total")
        assert 3 <= runs <= 7  # those that came together ran together
        assert total(text, "queue_workers", queue="default") == total(text, "workers") == 1
        assert total(text, "queue_jobs", queue="default") == 0
        assert 0 <= total(text, "queue_heartbeat_age_seconds") < 5
        assert total(text, "store_up") == total(text, "store_fit") == total(text, "build_info") == 1


def check_requests(stack: Stack) -> None:
    """Each tells what it has counted when it is asked, and every few seconds."""

    def counted(number: int) -> tuple[float, float]:
        text = stack.metrics(number)
        requests = total(text, "http_requests_total", method="POST", route=ROUTE)
        return requests, total(text, "cache_requests_total", process="shout")

    wait_until(lambda: counted(0) == counted(1) == (8, 8), 30, lambda: stack.metrics(0))
    text = stack.metrics(1)
    assert total(text, "http_requests_total", route=ROUTE, status="201") == 6
    assert total(text, "http_request_duration_seconds_count", route=ROUTE) == 8
    assert total(text, "cache_requests_total", result="hit") >= 1


def check_lost_worker(stack: Stack) -> None:
    assert stack.worker.process
    stack.worker.process.send_signal(signal.SIGKILL)
    stack.worker.process.wait(10)
    wait_until(lambda: total(stack.metrics(1), "workers_lost_total") == 1, 30, lambda: stack.metrics(1))
    text = stack.metrics(1)
    assert total(text, "workers") == total(text, "queue_workers", queue="default") == 0


def test_what_clients_make_up_becomes_no_label(client: Client) -> None:
    for path in ("/made-up", "/processes/made-up", "/jobs/made-up", "/jobs/made-up/results", "/jobs?type=made-up"):
        client.get(path)
    client.execute("made-up", {})
    client.request("MADE-UP", "/processes")
    assert "made-up" not in client.get("/metrics").text.lower()
    routes = {has["route"] for name, has, _ in samples(client.get("/metrics").text) if name == "http_requests_total"}
    assert {"/processes/{process_id}", "/jobs/{job_id}", "unmatched"} <= routes


def test_a_process_is_there_before_its_first_job(client: Client) -> None:
    ended = [has for name, has, _ in samples(client.get("/metrics").text) if name == "jobs_ended_total"]
    assert {has["status"] for has in ended if has["process"] == "heat-map"} == {"successful", "failed", "dismissed"}


def test_the_format_is_the_one_that_is_asked_for(client: Client) -> None:
    plain = client.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    openmetrics = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert {family.name for family in read_openmetrics(openmetrics.text)} == {
        family.name.removesuffix("_info") for family in text_string_to_metric_families(plain.text)
    }
    assert client.head("/metrics").status_code == 200


def names_of(measures: Measures) -> dict[str, tuple[str, str]]:
    """Kind and text of every metric, by the name that Prometheus has it under."""
    families = [*about(is_up=True, is_fit=True), *of_store(measures, [])]
    return {family.full_name: (family.kind, family.text) for family in families}


def test_names_follow_the_conventions() -> None:
    for name, (kind, text) in names_of(Measures({}, 0, [])).items():
        assert re.fullmatch(r"fastprocesses_[a-z_]+", name)
        assert kind != "histogram" or name.endswith("_seconds")
        assert text.endswith(".")


def test_the_documentation_lists_every_metric() -> None:
    page = (ROOT / "docs" / "operation.md").read_text()
    rows = re.findall(r"^\| `(fastprocesses_\w+)` \| (\w+) \|", page, re.MULTILINE)
    kinds = {name: kind for name, (kind, _) in names_of(Measures({}, 0, [])).items()}
    assert dict(rows) == {name: "gauge" if kind == "info" else kind for name, kind in kinds.items()}


OPEN, GUARDED = Settings(), Settings(metrics_token=SecretStr("secret"))
ANALYST, SCRAPER, ADMIN = (Caller("key:a", frozenset([role])) for role in ("analyst", "metrics", "admin"))


@pytest.mark.parametrize(
    ("settings", "caller", "authorization", "refusal"),
    [
        (OPEN, None, "", None),
        (GUARDED, None, "Bearer secret", None),
        (GUARDED, None, "", Unauthorized),
        (GUARDED, None, "Bearer Secret", Unauthorized),
        (GUARDED, None, "Bearer sécret", Unauthorized),
        (OPEN, Caller(), "", Unauthorized),
        (OPEN, Caller(), "Bearer ", Unauthorized),
        (OPEN, ANALYST, "", Forbidden),
        (OPEN, SCRAPER, "", None),
        (OPEN, ADMIN, "", None),
        (GUARDED, Caller(), "Bearer secret", None),
        (GUARDED, ANALYST, "", Forbidden),
        (GUARDED, SCRAPER, "", None),
    ],
)
def test_metrics_are_for_those_who_may_read_them(
    settings: Settings, caller: Caller | None, authorization: str, refusal: type[Problem] | None
) -> None:
    if refusal is None:
        check_access(settings, caller, authorization)
        return
    with pytest.raises(refusal):
        check_access(settings, caller, authorization)


@pytest.mark.parametrize(("is_on", "status"), [(True, 401), (False, 404)])
def test_metrics_may_be_off(is_on: bool, status: int) -> None:
    app = create_app(Settings(metrics=is_on, metrics_token=SecretStr(TOKEN)), make_registry())
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    answer = asyncio.run(client.get("/metrics"))
    assert answer.status_code == status
    assert ("WWW-Authenticate" in answer.headers) == is_on
