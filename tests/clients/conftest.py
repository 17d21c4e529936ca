"""A server for requests that nobody chose."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import ROOT, Client, Server

CHANGES = {
    "echoes.py": {"time.sleep(pause)": "time.sleep(0)"},
    "heat_map.py": {"time.sleep(pause)": "time.sleep(0)", "SWEEPS_PER_STEP = 10": "SWEEPS_PER_STEP = 1"},
}
"""Requests drawn at random may ask for an hour of rest; the descriptions stay as they are shipped."""


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the shipped processes, which never rest. It fetches and calls back nothing."""
    folder = tmp_path_factory.mktemp("hasty")
    shutil.copytree(ROOT / "processes.d", folder / "processes.d", ignore=shutil.ignore_patterns("__pycache__"))
    for name, replacements in CHANGES.items():
        change(folder / "processes.d" / name, replacements)
    server = Server(
        folder / "processes.d",
        folder / "state",
        {"FP_WORKER_CONCURRENCY": "2", "FP_REFERENCE_HOSTS": "nowhere.invalid"},
    )
    server.start()
    yield server
    assert server.stop() == 0, server.log()


def change(file: Path, replacements: dict[str, str]) -> None:
    text = file.read_text()
    for old, new in replacements.items():
        assert text.count(old) == 1, f"{file.name}: {old}"
        text = text.replace(old, new)
    file.write_text(text)


@pytest.fixture(scope="session")
def hasty_client(hasty: Server) -> Iterator[Client]:
    with Client(base_url=hasty.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def definition(hasty_client: Client) -> dict[str, Any]:
    """The API definition, whose statuses are the only ones that any request may get."""
    document: dict[str, Any] = hasty_client.get("/api").json()
    return document
