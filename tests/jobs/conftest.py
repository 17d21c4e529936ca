"""Fixtures of the tests of the job store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import Bench


@pytest.fixture
def bench(redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bench]:
    monkeypatch.chdir(tmp_path)
    bench = Bench(redis_url)
    yield bench
    bench.redis.close()
