from collections.abc import Callable
from pathlib import Path

import pytest

from fastprocesses_server.processes.complaints import DescriptionErrors
from fastprocesses_server.processes.description import Process
from fastprocesses_server.processes.registry import load_registry


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty processes folder in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "processes.d").mkdir()
    return tmp_path / "processes.d"


@pytest.fixture
def put(folder: Path) -> Callable[[str, str | bytes], Path]:
    def put(name: str, content: str | bytes) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


@pytest.fixture
def publish(put: Callable[[str, str], Path], folder: Path) -> Callable[..., Process]:
    """The process of a module's function `run`, and of a file with that text beside its callable."""

    def publish(module: str, file: str = "") -> Process:
        put("tools.py", module)
        put("run.yaml", "callable: tools.run\nversion: 1\n" + file)
        return load_registry(folder)["run"]

    return publish


@pytest.fixture
def complaints(folder: Path) -> Callable[..., str]:
    """What is said of the folder, as it is printed."""

    def complaints(**options: object) -> str:
        with pytest.raises(DescriptionErrors) as caught:
            load_registry(folder, **options)  # type: ignore[arg-type]
        return str(caught.value)

    return complaints
