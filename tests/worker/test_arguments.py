"""From the values of an execution to those that a callable gets, and back."""

from pathlib import Path
from typing import Any

from fastprocesses_server.worker.arguments import Conversion


def nowhere() -> Path:
    raise AssertionError("no file is needed")


def test_text_within_a_value_never_becomes_a_path() -> None:
    def run(files: dict[str, Path]) -> int: ...

    sent: dict[str, Any] = {"files": {"a": "/etc/passwd"}}
    assert Conversion(run).arguments(sent, nowhere) == sent
