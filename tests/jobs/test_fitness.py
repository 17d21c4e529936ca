"""Which Redis jobs are entrusted to, at the start and later."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import ROOT

from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.fitness import doubts, faults, hindrances

FIT = {"maxmemory_policy": "noeviction", "role": "master", "redis_version": "7.2.4", "aof_enabled": 1}


def test_a_fit_redis_is_neither_refused_nor_doubted() -> None:
    assert faults(FIT) == doubts(FIT) == []


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"maxmemory_policy": "allkeys-lru"}, "CONFIG SET maxmemory-policy noeviction"),
        ({"role": "slave"}, "replica"),
        ({"redis_version": "6.2.14"}, "6.2.14"),
        ({"aof_last_write_status": "err"}, "AOF"),
    ],
)
def test_what_would_lose_jobs_is_named_with_its_remedy(said: dict[str, str], word: str) -> None:
    (fault,) = faults({**FIT, **said})
    assert word in fault


def test_valkey_counts_by_its_own_version() -> None:
    assert not faults({**FIT, "redis_version": "7.2.4", "valkey_version": "9.1.2"})


def test_a_redis_without_aof_is_doubted() -> None:
    assert "CONFIG SET appendonly yes" in doubts({**FIT, "aof_enabled": 0})[0]


def test_a_redis_that_may_lose_what_no_replica_has_is_doubted() -> None:
    assert "CONFIG SET min-replicas-to-write 1" in doubts({**FIT, "connected_slaves": 1})[0]
    assert not doubts({**FIT, "connected_slaves": 1, "min_slaves_good_slaves": 1})


def test_a_redis_whose_replicas_are_gone_takes_no_jobs_for_now() -> None:
    away = {**FIT, "min_slaves_good_slaves": 0}
    assert "min-replicas-to-write" in hindrances(away)[0]
    assert not faults(away)
    assert not hindrances({**FIT, "min_slaves_good_slaves": 1})


@pytest.fixture
def evicting(redis_url: str) -> Iterator[str]:
    with connect(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        yield redis_url
        client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_neither_starts_on_a_redis_that_may_evict(evicting: str, command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fastprocesses_server", command],
        env={"FP_REDIS_URL": evicting, "FP_PROCESSES_DIR": str(ROOT / "processes.d"), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "its maxmemory-policy is allkeys-lru; remedy: CONFIG SET maxmemory-policy noeviction" in done.stderr
    assert "Traceback" not in done.stderr
