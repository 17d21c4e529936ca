"""The rows of the table: what is asked of each contender, and which figure counts."""

import base64
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import jsonschema
import jsonschema_rs
from apps.schemas import NUMBER, WIDE_REQUEST, features, request_of
from contenders import Site, running
from generator import Figures, Load, figures_of

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.processes.description import Process

RATE = "/s"
MILLISECONDS = "ms"
MEGABYTES = "MB"
STUCK_SECONDS = 300
numbers = itertools.count(1, 1_000_000)
"""No two loads ask for the same."""


@dataclass(frozen=True)
class Measured:
    """One figure of one contender, and what it cost."""

    value: float
    requests: int = 0
    p50: float = 0.0
    """Milliseconds, as the next."""
    p99: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    """Milliseconds per request, by part."""
    wrong: int = 0
    """Answers that were not 2xx, and jobs that did not end."""


@dataclass(frozen=True)
class Scale:
    """How much is done."""

    seconds: float
    jobs: int
    most_jobs: int
    """In a list."""
    repeat: int


@dataclass(frozen=True)
class Row:
    """`measure` is None where a contender has nothing like it."""

    name: str
    title: str
    unit: str
    target: str
    measure: Callable[[Site, Scale], Measured | None]
    at_least: float = 0.0
    """Times the rate of the other server; that is the target where it is set."""
    at_most: float = 0.0
    """The same of the value itself."""
    needs_key: bool = False
    """Whether it is asked of an API that wants a key."""


@contextmanager
def costs(site: Site) -> Iterator[dict[str, float]]:
    """CPU seconds of each part, known at the end."""
    before = {name: part.cpu() for name, part in site.parts.items()}
    spent: dict[str, float] = {}
    yield spent
    spent |= {name: part.cpu() - before[name] for name, part in site.parts.items()}


def measured(figures: Figures, spent: dict[str, float], value: float) -> Measured:
    wrong = sum(count for status, count in figures.statuses.items() if not status.startswith("2"))
    cpu = {name: 1000 * seconds / figures.requests for name, seconds in spent.items()}
    return Measured(value, figures.requests, 1000 * figures.p50, 1000 * figures.p99, cpu, wrong)


def rate(site: Site, load: Load) -> Measured:
    with costs(site) as spent:
        figures = load.run()
    return measured(figures, spent, figures.rate)


def execution(site: Site, process: str, inputs: dict[str, Any], *headers: str, **more: Any) -> Load:
    wanted = (*(headers or site.contender.sync), *site.headers)
    path, body = f"/processes/{process}/execution", request_of(inputs)
    return Load(site.port, path, "POST", wanted, body, first=next(numbers), **more)


NEW = {"text": f"number {NUMBER.decode()}"}
ASYNC = "Prefer: respond-async"


def sync(
    clients: int, process: str = "echo", inputs: dict[str, Any] | None = None
) -> Callable[[Site, Scale], Measured]:
    def measure(site: Site, scale: Scale) -> Measured:
        return rate(site, execution(site, process, inputs or NEW, clients=clients, seconds=scale.seconds))

    return measure


def sync_alone(site: Site, scale: Scale) -> Measured:
    found = sync(1)(site, scale)
    return replace(found, value=found.p50)


def cached(site: Site, scale: Scale) -> Measured:
    """The cost of its worker says whether one was asked."""
    execution(site, "echo", {"text": "again"}, requests=1).run()
    return rate(site, execution(site, "echo", {"text": "again"}, clients=32, seconds=scale.seconds))


def submission(site: Site, scale: Scale) -> Measured:
    submitted, ended = _submitted(site, scale)
    site.ended.append(ended)
    return submitted


def end_to_end(site: Site, scale: Scale) -> Measured:
    """Of the same jobs where that row was asked for as well."""
    ended: Measured = site.ended.pop(0) if site.ended else _submitted(site, scale)[1]
    return ended


def _submitted(site: Site, scale: Scale) -> tuple[Measured, Measured]:
    load = execution(site, "echo", NEW, ASYNC, clients=32, requests=scale.jobs, keeps_jobs=True)
    with costs(site) as spent:
        begin = time.perf_counter()
        figures = load.run()
        waiting, end = figures.jobs, begin
        while waiting and time.perf_counter() - begin < STUCK_SECONDS:
            end = time.perf_counter()
            found = zip(waiting, site.statuses(waiting), strict=True)
            waiting = [job for job, status in found if status != "successful"]
            time.sleep(0.1 if waiting else 0)
    alone = measured(figures, spent, figures.rate)
    return alone, replace(alone, value=figures.requests / (end - begin), wrong=alone.wrong + len(waiting))


def description(site: Site, scale: Scale) -> Measured:
    return rate(site, Load(site.port, "/processes/echo", headers=site.headers, clients=32, seconds=scale.seconds))


def with_key(measure: Callable[[Site, Scale], Measured]) -> Callable[[Site, Scale], Measured | None]:
    def secured(site: Site, scale: Scale) -> Measured | None:
        return measure(site.secured, scale) if site.secured else None

    return secured


def process_list(more: int) -> Callable[[Site, Scale], Measured]:
    """Of a site of its own, with so many processes beside the usual ones."""

    def measure(site: Site, scale: Scale) -> Measured:
        with running(site.contender, more=more, is_whole=False) as alone:
            return rate(alone, Load(alone.port, "/processes?limit=10", clients=32, seconds=scale.seconds))

    return measure


def job_status(site: Site, scale: Scale) -> Measured:
    [job] = execution(site, "echo", NEW, ASYNC, requests=1, keeps_jobs=True).run().jobs
    time.sleep(0.5)
    path = f"/jobs/{job}"
    return rate(site, Load(site.port, path, headers=site.headers, clients=32, seconds=scale.seconds))


def job_list(count: int, query: str = "") -> Callable[[Site, Scale], Measured | None]:
    """One client, of a store that is filled by hand."""

    def measure(site: Site, scale: Scale) -> Measured | None:
        if count > min(scale.most_jobs, site.contender.most_filled):
            return None
        if query and site.contender.name != "server":
            return None
        with running(site.contender, is_whole=False) as alone:
            execution(alone, "echo", NEW, ASYNC, requests=1).run()
            alone.fill(count, known=1)
            found = rate(alone, Load(alone.port, f"/jobs?limit=10{query}", seconds=scale.seconds))
            return replace(found, value=found.p50)

    return measure


def large(megabytes: int) -> Callable[[Site, Scale], Measured]:
    def measure(site: Site, scale: Scale) -> Measured:
        text = base64.b64encode(bytes(range(256)) * (megabytes * 3 * 2**20 // 1024)).decode()
        inputs = {"text": NUMBER.decode() + text}
        found = rate(site, execution(site, "large", inputs, requests=6 if megabytes > 5 else 12))
        return replace(found, value=found.p50)

    return measure


def memory(site: Site, scale: Scale) -> Measured:
    """Of the API after five runs of 10 MB."""
    large(10)(site, scale)
    return Measured(site.parts["API"].memory())


def idle_memory(site: Site, _: Scale) -> Measured:
    return Measured(site.idle_memory)


def start(more: int) -> Callable[[Site, Scale], Measured]:
    """The first start has checked the processes."""

    def measure(site: Site, _: Scale) -> Measured:
        for _ in range(2):
            with running(site.contender, more=more, is_whole=False) as alone:
                seconds = alone.start_seconds
        return Measured(1000 * seconds)

    return measure


def beside_runs(site: Site, _: Scale) -> Measured:
    """p99 of a small answer while synchronous runs of two seconds are under way."""
    count = site.contender.blocking_runs
    pauses = execution(site, "sleep", {"seconds": 2}, clients=count, requests=count).start()
    time.sleep(0.3)
    found = rate(site, Load(site.port, "/processes", headers=site.headers, seconds=1.5))
    figures_of(pauses)
    return replace(found, value=found.p99)


def validation(site: Site, _: Scale) -> Measured:
    """In this process, with what the contender validates with."""
    collection = features(10_000)
    check, spent = CHECKS[site.contender.name](), []
    for _ in range(5):
        begin = time.perf_counter()
        check(collection)
        spent.append(1000 * (time.perf_counter() - begin))
    return Measured(sorted(spent)[2])


GEOJSON: dict[str, Any] = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"enum": ["FeatureCollection"]},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "properties", "geometry"],
                "properties": {
                    "type": {"enum": ["Feature"]},
                    "geometry": {
                        "type": "object",
                        "required": ["type", "coordinates"],
                        "properties": {
                            "type": {"enum": ["Polygon"]},
                            "coordinates": {
                                "type": "array",
                                "items": {
                                    "type": "array",
                                    "minItems": 4,
                                    "items": {"type": "array", "minItems": 2, "items": {"type": "number"}},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def _reader() -> Callable[[Any], Any]:
    members = {
        "id": "x",
        "version": "1.0.0",
        "callable": "x:x",
        "fingerprint": "f",
        "source": "x.yaml",
        "inputs": {"collection": {"schema": GEOJSON}},
        "outputs": {"result": {"schema": {"type": "string"}}},
    }
    reader = RequestReader(Process.model_validate(members))
    return lambda collection: reader.read({"inputs": {"collection": collection}})


CHECKS: dict[str, Callable[[], Callable[[Any], Any]]] = {
    "server": _reader,
    "fastprocesses": lambda: lambda collection: jsonschema.validate(collection, GEOJSON),
    "limit": lambda: jsonschema_rs.validator_for(GEOJSON).validate,
}

KEY = "with a key"
ROWS = (
    Row("sync-32", "sync, new inputs, 32 clients", RATE, "≥ 6 ×", sync(32), at_least=6),
    Row("sync-128", "sync, new inputs, 128 clients", RATE, "≥ 6 ×, no 5xx", sync(128), at_least=6),
    Row("sync-1", "sync, new inputs, 1 client, p50", MILLISECONDS, "≤ 4 ms", sync_alone, at_most=4),
    Row("cached", "sync, from the cache, 32 clients", RATE, "≥ 12 ×", cached, at_least=12),
    Row("submission", "async submission, 32 clients", RATE, "≥ 2 ×", submission, at_least=2),
    Row("end-to-end", "async, until all have ended", RATE, "≥ 3 ×", end_to_end, at_least=3),
    Row("description", "GET /processes/{id}, 32 clients", RATE, "≥ 3 ×", description, at_least=3),
    Row("list-1", "GET /processes?limit=10, few processes", RATE, "the same as with 1,000", process_list(0)),
    Row("list-100", "GET /processes?limit=10, 100 processes", RATE, "the same as with 1,000", process_list(99)),
    Row("list-1000", "GET /processes?limit=10, 1,000 processes", RATE, "≥ 10 ×", process_list(999), at_least=10),
    Row("job", "GET /jobs/{id}, 32 clients", RATE, "≥ 1.7 ×", job_status, at_least=1.7),
    Row("jobs-100", "GET /jobs?limit=10, 100 jobs, p50", MILLISECONDS, "≤ 1.7 ms", job_list(100), at_most=1.7),
    Row("jobs-10000", "GET /jobs?limit=10, 10,000 jobs, p50", MILLISECONDS, "≤ 1.7 ms", job_list(10_000), at_most=1.7),
    Row(
        "jobs-100000", "GET /jobs?limit=10, 100,000 jobs, p50", MILLISECONDS, "≤ 1.7 ms", job_list(100_000), at_most=1.7
    ),
    Row(
        "jobs-filtered",
        "the same of one process and status",
        MILLISECONDS,
        "≤ 1.7 ms",
        job_list(100_000, "&status=successful&processID=echo"),
        at_most=1.7,
    ),
    Row("jobs-1000000", "GET /jobs?limit=10, 1,000,000 jobs, p50", MILLISECONDS, "≤ 2 × 100 jobs", job_list(1_000_000)),
    Row("large-1", "1 MB echoed, sync, p50", MILLISECONDS, "≤ 25 ms", large(1), at_most=25),
    Row("large-10", "10 MB echoed, sync, p50", MILLISECONDS, "≤ 200 ms", large(10), at_most=200),
    Row("beside", "GET /processes, p99, beside 32 runs of 2 s", MILLISECONDS, "≤ 30 ms", beside_runs, at_most=30),
    Row("validation", "10,000 GeoJSON features validated", MILLISECONDS, "≤ 10 ms", validation, at_most=10),
    Row("memory-idle", "memory of the API, idle", MEGABYTES, "≤ 90 MB", idle_memory, at_most=90),
    Row("memory", "memory of the API after 10 MB runs", MEGABYTES, "≤ 160 MB", memory, at_most=160),
    Row("start-1", "start to first answer", MILLISECONDS, "≤ 900 ms", start(0), at_most=900),
    Row("start-1000", "start to first answer, 1,000 processes", MILLISECONDS, "≤ 1,300 ms", start(999), at_most=1300),
    Row("wide", "sync, 20 inputs, 32 clients", RATE, "≥ 6 ×", sync(32, "wide", WIDE_REQUEST), at_least=6),
    Row(
        "sync-key",
        f"sync, new inputs, 32 clients, {KEY}",
        RATE,
        "near that without",
        with_key(sync(32)),
        needs_key=True,
    ),
    Row(
        "description-key",
        f"GET /processes/{{id}}, {KEY}",
        RATE,
        "near that without",
        with_key(description),
        needs_key=True,
    ),
    Row("job-key", f"GET /jobs/{{id}}, {KEY}", RATE, "near that without", with_key(job_status), needs_key=True),
)
