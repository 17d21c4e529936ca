"""Fixtures that most tests share."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loguru import logger
from serving import INSPECTIONS, ROOT, Client, Server, own_valkey

from fastprocesses_server.jobs.connection import connect

LONGEST = ("chaos", "system", "standalone", "soak", "engine", "tests", "pages", "sentinel")
"""Folders with files that take minutes: begun first, so that none is left alone at the end of a run side by side."""


def pytest_configure() -> None:
    """For what the tests start with the environment as it is."""
    os.environ["FP_INSPECTION_CACHE"] = str(INSPECTIONS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)

    items.sort(key=turn)


@pytest.fixture
def remark(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a line about what was seen; the run shows it at its end."""
    return lambda line: record_property("remark", line)


@pytest.fixture
def figure(remark: Callable[[str], None]) -> Callable[..., None]:
    """Shows what was measured, and holds it to its bound."""

    def show(name: str, value: float, unit: str = "", at_most: float = float("inf")) -> None:
        bound = f" (at most {at_most:g})" if at_most < float("inf") else ""
        remark(f"{name}: {value:.5g} {unit}".rstrip() + bound)
        assert value <= at_most, name

    return show


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What this process has logged, from INFO."""
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(line.record["message"]), level="INFO")
    yield lines
    logger.remove(sink)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for of_kind in terminalreporter.stats.values() for report in of_kind]
    calls = [report for report in reports if isinstance(report, pytest.TestReport) and report.when == "call"]
    remarks = [str(line) for report in calls for name, line in report.user_properties if name == "remark"]
    if remarks:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(remarks))


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped processes and those of `tests/published`, in one folder."""
    folder = tmp_path_factory.mktemp("published") / "processes.d"
    for source in (ROOT / "processes.d", ROOT / "tests" / "published"):
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


ENVIRONMENT = {"FP_WORKER_CONCURRENCY": "4", "FP_REFERENCE_HOSTS": "127.0.0.1,localhost"}


@pytest.fixture(scope="session")
def server(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave it as it was."""
    running = Server(published, tmp_path_factory.mktemp("server") / "state", ENVIRONMENT)
    running.start()
    yield running
    assert running.stop() == 0, running.log()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(base_url=server.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Valkey of its own, for tests that need no server."""
    with own_valkey(tmp_path_factory.mktemp("valkey")) as valkey:
        yield valkey.url


@pytest.fixture
def redis_url(valkey: str) -> str:
    """The same Valkey, emptied."""
    with connect(valkey) as client:
        client.flushall()
    return valkey
