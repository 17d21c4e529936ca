import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reloaded import make_folder
from supervised import Dev


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start_dev(tmp_path: Path, free_port: int) -> Iterator[Callable[..., Dev]]:
    """Starts supervisors; all of one test on the same data."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("what a run left is looked for in /proc")
    started: list[Dev] = []

    def start(state: Path = tmp_path / "state", port: int = free_port, **options: object) -> Dev:
        started.append(Dev(state, port, **options))
        return started[-1]

    yield start
    for dev in started:
        dev.clean_up()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)
