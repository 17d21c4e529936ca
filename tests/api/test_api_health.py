"""Readiness: soon known, whatever Redis does and however many jobs there are, with its reasons as JSON."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import OwnValkey, own_valkey
from upper import create_job, make_process, make_registry

from fastprocesses_server.api.app import create_app
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.settings import Settings

NOISE = 0.5
"""Seconds that a busy machine may add."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnValkey]:
    with own_valkey(tmp_path_factory.mktemp("health")) as valkey:
        yield valkey


def ask(store: OwnValkey, folder: Path, path: str, times: int = 1) -> tuple[list[httpx.Response], float]:
    """Answers of an API that has not begun its background work, and how long the last took."""

    async def get() -> tuple[list[httpx.Response], float]:
        settings = Settings(redis_url=store.url, results_dir=folder)
        app = create_app(settings, make_registry())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answers = []
            for _ in range(times):
                begin = time.monotonic()
                answers.append(await client.get(path))
            seconds = time.monotonic() - begin
        await app.state.services.store.redis.aclose()
        return answers, seconds

    return asyncio.run(get())


def test_a_redis_that_hangs_is_told_within_a_second(store: OwnValkey, tmp_path: Path) -> None:
    store.send(signal.SIGSTOP)
    try:
        [answer], seconds = ask(store, tmp_path, "/health/ready")
        [live], _ = ask(store, tmp_path, "/health/live")
    finally:
        store.send(signal.SIGCONT)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["retry-after"] == "5"
    assert answer.json() == {"status": "not ready", "reasons": ["the job store is away"]}
    assert seconds < 1 + NOISE
    assert live.json() == {"status": "live"}


def test_readiness_asks_as_much_of_redis_however_many_jobs_there_are(store: OwnValkey, tmp_path: Path) -> None:
    def commands() -> int:
        with connect(store.url) as redis:
            before: Any = redis.info("commandstats")
            [_, answer], _ = ask(store, tmp_path, "/health/ready", times=2)
            after: Any = redis.info("commandstats")
        assert answer.json()["reasons"] == ["no worker serves the queue default"]
        return sum(known["calls"] for known in after.values()) - sum(known["calls"] for known in before.values())

    commands()
    few = commands()
    for number in range(30):
        create_job(store.url, f"job {number}", make_process())
    assert commands() == few
