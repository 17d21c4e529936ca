"""The modules of the processes folder, and a context to run callables with."""

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

PROCESSES = Path(__file__).parents[2] / "processes.d"


@dataclass
class RecordingContext:
    """What a callable may ask for; cancelled once `cancel_after` reports of progress have come."""

    workdir: Path
    job_id: str = "test"
    cancel_after: int = 1_000_000
    reports: list[tuple[float, str]] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    @property
    def cancelled(self) -> bool:
        return len(self.reports) >= self.cancel_after

    def progress(self, percent: float, message: str = "") -> None:
        self.reports.append((percent, message))

    def log(self, text: str) -> None:
        self.logged.append(text)


@pytest.fixture
def context(tmp_path: Path) -> RecordingContext:
    return RecordingContext(tmp_path)


@pytest.fixture(scope="session")
def processes() -> Path:
    return PROCESSES


@pytest.fixture
def shipped(processes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Imports with the folder last on the path, as a server does; other tests find nothing of it."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(processes)])
    yield importlib.import_module
    for path in processes.glob("*.py"):
        sys.modules.pop(path.stem, None)
