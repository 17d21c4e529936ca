"""Fixtures of the tests of the job store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import Bench
from loguru import logger


@pytest.fixture
def bench(redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bench]:
    monkeypatch.chdir(tmp_path)
    bench = Bench(redis_url)
    yield bench
    bench.redis.close()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged of jobs."""
    found: list[str] = []
    sink = logger.add(lambda line: found.append(line.record["message"]), level="INFO")
    yield found
    logger.remove(sink)
