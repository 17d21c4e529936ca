"""What the Dockerfile promises."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from serving import ROOT

Instruction = tuple[str, str]


@pytest.fixture(scope="session")
def dockerfile() -> list[Instruction]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", "").splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines if line)]


@pytest.fixture(scope="session")
def final_stage(dockerfile: list[Instruction]) -> dict[str, str]:
    """Its instructions; of those that come more than once, the last."""
    start = max(at for at, (name, _) in enumerate(dockerfile) if name == "FROM")
    return dict(dockerfile[start:])


class Api(HTTPServer):
    """Answers every request with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status = 200
        self.asked: list[str] = []


class Answer(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it
        """Nothing: the test says what was asked."""


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_hadolint_has_nothing_to_say() -> None:
    command = [str(Path(sys.executable).parent / "hadolint"), str(ROOT / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_stage_begins_with_the_image_that_can_be_named(dockerfile: list[Instruction]) -> None:
    assert dockerfile[0][0] == "ARG"
    assert re.fullmatch(r"PYTHON_IMAGE=docker\.io/library/python:3\.\d+-slim", dockerfile[0][1])
    assert all(rest.startswith("${PYTHON_IMAGE}") for name, rest in dockerfile if name == "FROM")


def test_the_user_is_a_number_and_not_root(final_stage: dict[str, str]) -> None:
    user, _, group = final_stage["USER"].partition(":")

    assert int(user) >= 10000
    assert int(group) >= 10000


def test_the_final_stage_installs_nothing(final_stage: dict[str, str]) -> None:
    assert not re.search(r"\b(apt|apt-get|pip)\b", final_stage["RUN"])


def test_the_image_serves_and_takes_other_commands(final_stage: dict[str, str]) -> None:
    assert json.loads(final_stage["ENTRYPOINT"]) == ["fastprocesses-server"]
    assert json.loads(final_stage["CMD"]) == ["serve"]
    assert final_stage["EXPOSE"] == "8000"


def test_results_are_a_volume_that_the_user_owns(final_stage: dict[str, str]) -> None:
    assert "FP_RESULTS_DIR=/results" in final_stage["ENV"]
    assert "install --directory --owner=server --group=server /results" in final_stage["RUN"]
    assert final_stage["VOLUME"] == "/results"


def test_what_changes_often_comes_last(dockerfile: list[Instruction]) -> None:
    steps = [rest for name, rest in dockerfile if name in ("COPY", "RUN")]
    order = ["dependencies.txt", "--requirement requirements.txt", "--no-deps", "processes.d ./processes.d"]

    assert [step for step in steps if any(word in step for word in order)] == [
        next(step for step in steps if word in step) for word in order
    ]


@pytest.mark.parametrize("there", [True, False])
def test_what_authors_require_is_installed_where_the_file_exists(
    there: bool, dockerfile: list[Instruction], tmp_path: Path
) -> None:
    copied = next(rest for name, rest in dockerfile if name == "COPY" and "requirements" in rest)
    step = next(rest for name, rest in dockerfile if name == "RUN" and "requirements.txt" in rest)
    assert fnmatch("processes.d/requirements.txt", copied.split()[1])
    pip = tmp_path / "bin" / "pip"
    pip.parent.mkdir()
    pip.write_text('#!/bin/sh\necho "$@" >> asked.txt\necho fastapi==1\n')
    pip.chmod(0o755)
    if there:
        (tmp_path / "requirements.txt").write_text("shapely\n")
    environment = {"PATH": f"{pip.parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-e", "-c", step], cwd=tmp_path, env=environment, check=True)

    asked = tmp_path / "asked.txt"
    assert asked.exists() == there
    if there:
        assert asked.read_text() == "freeze\ninstall --requirement requirements.txt --constraint installed.txt\n"
        assert (tmp_path / "installed.txt").read_text() == "fastapi==1\n"


def test_what_is_copied_reaches_the_builder(dockerfile: list[Instruction]) -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [rest.split()[:-1] for name, rest in dockerfile if name == "COPY" and not rest.startswith("--from")]

    assert {source.split("/")[0] for sources in copied for source in sources} == allowed


@pytest.mark.parametrize(("status", "exit_status"), [(200, 0), (503, 1)])
def test_the_health_check_asks_whether_the_api_answers(
    status: int, exit_status: int, final_stage: dict[str, str], api: Api
) -> None:
    _, _, check = final_stage["HEALTHCHECK"].partition("CMD ")
    api.status = status
    command = [sys.executable, *json.loads(check)[1:]]
    done = subprocess.run(command, env={"FP_PORT": str(api.server_port)}, check=False)

    assert done.returncode == exit_status
    assert api.asked == ["/health/live"]
