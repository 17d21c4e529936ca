"""What `docs/publishing.md` tells authors to type works as printed."""

import re
import shlex
from pathlib import Path

import pytest
from command_line import run_command
from serving import ROOT

PAGE = (ROOT / "docs" / "publishing.md").read_text()
COMMANDS = re.findall(r"^fastprocesses-server (.*)$", PAGE, re.MULTILINE)


@pytest.fixture(autouse=True)
def _in_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped processes, where a command may write."""
    monkeypatch.chdir(tmp_path)
    Path("processes.d").symlink_to(ROOT / "processes.d")


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_work_as_printed(command: str) -> None:
    done = run_command(*shlex.split(command))
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.usefixtures("clean_imports")
def test_the_test_of_the_guide_passes() -> None:
    (guide,) = re.findall(r"^```python\n(from fastprocesses_server.testing.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(guide, names)  # noqa: S102 - our own page
    test = names["test_upper_case"]
    assert callable(test)
    test()


@pytest.mark.parametrize(
    ("command", "options"),
    [("check", ["--format", "--run", "--timeout"]), ("run", ["--output", "--url", "--processes", "NAME=VALUE"])],
)
def test_help_names_every_option(command: str, options: list[str]) -> None:
    done = run_command(command, "--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in options)
