"""The README's story of a new author, from an empty folder: three commands and one line of YAML."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import ROOT, free_port, own_environment, wait_until

SECONDS = 60
STORY = (ROOT / "README.md").read_text().partition("\n## Publish your own\n")[2].partition("```yaml\ncallable: ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", STORY, re.MULTILINE | re.DOTALL)


*TYPED, CURL = blocks("sh")
COMMANDS = "".join(TYPED).splitlines()
LINES = "".join(blocks("yaml")).splitlines(keepends=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """With the installed command on the path, as in an activated virtual environment, and a port of its own."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return own_environment(PATH=path, FP_PORT=str(free_port()), FP_WORKER_CONCURRENCY="1")


Run = subprocess.CompletedProcess[str]


def run(command: str, folder: Path, environment: dict[str, str]) -> Run:
    return subprocess.run(
        ["bash", "-euc", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def described(folder: Path, environment: dict[str, str]) -> Run:
    """What the second command says, after the first one and the author's line."""
    made = run(COMMANDS[0], folder, environment)
    assert made.returncode == 0, made.stderr
    (file,) = (folder / "processes.d").glob("*.yaml")
    text = file.read_text()
    (left_open,) = re.findall(r"# WRITE.*\n(.*\n)", text)
    file.write_text(text.replace(left_open, LINES[0]))
    return run(COMMANDS[1], folder, environment)


@pytest.fixture(scope="module")
def log(described: Run, folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """Of the third command, once jobs can run; Ctrl-C ends it."""
    log = folder / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-euc", f"exec {COMMANDS[2]}"],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until(lambda: process.poll() is not None or b"ready: http" in log.read_bytes(), SECONDS, log.read_text)
        yield log
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS)


def test_the_story_is_as_long_as_it_says() -> None:
    assert "three commands and one line of YAML" in STORY
    assert [shlex.split(command)[:2] for command in COMMANDS] == [
        ["fastprocesses-server", name] for name in ("new", "check", "dev")
    ]
    assert len(LINES) == 1


def test_nothing_is_wrong_after_one_line_of_yaml(described: Run) -> None:
    assert described.returncode == 0, described.stderr
    assert "nothing wrong" in described.stdout


def test_anybody_can_run_the_process(log: Path, folder: Path, environment: dict[str, str]) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    answer = run(CURL.replace(":8000/", f":{environment['FP_PORT']}/"), folder, environment)
    assert answer.returncode == 0, answer.stderr + log.read_text()
    assert f"`{answer.stdout}`" in STORY
