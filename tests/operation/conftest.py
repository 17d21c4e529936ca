"""Commands of operators, run in this process."""

import sys
from collections.abc import Callable

import pytest

from fastprocesses_server.cli import main

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Exit status and standard output, with standard error behind it. Logs stay as the tests have them."""
    monkeypatch.setattr("fastprocesses_server.logs.configure_logs", lambda *_: None)

    def run(*arguments: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["fastprocesses-server", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return run
