"""Many jobs, one after the other: each ends as it must, and nothing grows or is left over.

SOAK_JOBS says how many visits there are; `SOAK_JOBS=10000 .venv/bin/pytest tests/soak` takes some minutes.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from gauges import Gauges, read_gauges
from serving import Client, Part, shared_environment, wait_until
from visitors import AT_ONCE, Expected, Visitors

from fastprocesses_server.jobs.connection import connect

JOBS = int(os.environ.get("SOAK_JOBS", "1200"))
WARM_UP = min(1000, JOBS // 3)
CONCURRENCY = 4
SAMPLE = 10
"""Of so many jobs the results of one are read."""

GROWTH = 50
"""Mebibytes between the warm-up and the end."""
MORE = 10
"""File descriptors."""

EXPIRES = re.compile(rb"fp:(job|gone|cache|once|left|answer):.*")
STAYS = re.compile(
    rb"fp:(jobs|jobs:.*|expiry|queues|workers:.*|registries|registry:.*|folders|store|counts)|_kombu\..*"
)

Figure = Callable[..., None]


@dataclass(frozen=True)
class Site:
    """A server of which every part is known."""

    api: Part
    worker: Part
    redis_url: str
    folder: Path
    url: str

    def read_gauges(self) -> Gauges:
        """With all children in their place."""
        assert self.api.process
        assert self.worker.process
        worker = psutil.Process(self.worker.process.pid)
        wait_until(lambda: len(worker.children()) == CONCURRENCY)
        with connect(self.redis_url) as redis:
            pid = redis.info("server")["process_id"]  # type: ignore[index]
        return read_gauges(self.api.process.pid, worker.pid, pid)

    def left_to_do(self) -> list[bytes]:
        """What lies in Redis only while jobs are under way, and what would stay for ever."""
        with connect(self.redis_url) as redis:
            names: list[bytes] = list(redis.scan_iter(count=1000))
            mortal = [name for name in names if EXPIRES.fullmatch(name)]
            with redis.pipeline(transaction=False) as pipeline:
                for name in mortal:
                    pipeline.ttl(name)
                eternal = [name for name, seconds in zip(mortal, pipeline.execute(), strict=True) if seconds == -1]
        return eternal + [name for name in names if not EXPIRES.fullmatch(name) and not STAYS.fullmatch(name)]


@pytest.fixture
def site(redis_url: str, tmp_path: Path) -> Iterator[Site]:
    processes = Path(__file__).parent / "soaked"
    environment = {
        **shared_environment(redis_url, processes, tmp_path),
        "FP_WORKER_CONCURRENCY": str(CONCURRENCY),
        "FP_LOG_LEVEL": "WARNING",
    }
    api, worker = (Part(command, folder=tmp_path, environment=environment) for command in ("serve", "worker"))
    url = f"http://127.0.0.1:{environment['FP_PORT']}"
    with ExitStack() as stack, Client(base_url=url) as client:
        for part in (api, worker):
            stack.callback(part.stop)
            part.start()
        wait_until(lambda: is_ready(client), 60, lambda: api.log() + worker.log())
        yield Site(api, worker, redis_url, tmp_path, url)


def is_ready(client: Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def check(site: Site, expected: dict[str, Expected]) -> Counter[str]:
    """Every job is what it must be; how many are what."""
    with Client(base_url=site.url, timeout=60) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(lambda job_id: client.status(job_id)["status"], expected))
        wrong = [
            (job_id, status, job)
            for status, (job_id, job) in zip(statuses, expected.items(), strict=True)
            if status != job.status
        ]
        assert not wrong
        for job_id, job in list(expected.items())[::SAMPLE]:
            response = client.get(f"/jobs/{job_id}/results")
            assert response.status_code == job.status_code
            assert not job.result or response.text == job.result
    return Counter(statuses)


def test_many_jobs_end_as_they_must_and_leave_nothing_behind(site: Site, tmp_path: Path, figure: Figure) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    visitors = Visitors(site.url, marks)
    visitors.visit(range(WARM_UP))
    wait_until(lambda: not site.left_to_do(), 60, lambda: str(site.left_to_do()))
    warm, before, start = site.read_gauges(), visitors.runs, time.monotonic()
    visitors.visit(range(WARM_UP, JOBS))
    wait_until(lambda: not site.left_to_do(), 120, lambda: str(site.left_to_do()))
    seconds, runs = time.monotonic() - start, visitors.runs - before
    statuses = check(site, visitors.expected)
    end = site.read_gauges()
    assert not list((site.folder / "results" / "work").glob("*"))

    figure("soak: runs", visitors.runs)
    for status, count in statuses.items():
        figure(f"soak: jobs {status}", count)
    figure("soak: runs a second", runs / seconds)
    for name, used in end.cpu.items():
        figure(f"soak: CPU of {name} for a run", 1000 * (used - warm.cpu[name]) / runs, "ms")
    figure("soak: growth of the API", end.api.mebibytes - warm.api.mebibytes, "MiB", GROWTH)
    figure("soak: growth of the worker's parent", end.worker.mebibytes - warm.worker.mebibytes, "MiB", GROWTH)
    figure("soak: growth of the worker's children", end.children - warm.children, "MiB", GROWTH)
    for name in ("api", "worker"):
        old, new = getattr(warm, name), getattr(end, name)
        figure(f"soak: more descriptors of {name}", new.descriptors - old.descriptors, "", MORE)
        figure(f"soak: more threads of {name}", new.threads - old.threads, "", AT_ONCE)
