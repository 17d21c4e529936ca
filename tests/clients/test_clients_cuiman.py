"""cuiman, the client of the European Space Agency: its Python client and its command line, in their own environment.

It needs Python 3.12 and brings its own FastAPI and uvicorn, so it is kept out of the environment of the tests.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from serving import Client, Server

HERE = Path(__file__).parent
UV = Path(sys.executable).with_name("uv")
NEWER = "import sys; sys.exit(sys.version_info < (3, 12))"


def python_for_cuiman() -> str | None:
    for name in (sys.executable, "python3.14", "python3.13", "python3.12"):
        found = shutil.which(name)
        if found and subprocess.run([found, "-c", NEWER], capture_output=True, check=False).returncode == 0:
            return found
    return None


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with `python` and `cuiman`."""
    python = python_for_cuiman()
    if python is None:
        pytest.skip("cuiman needs Python 3.12 or later, and there is none")
    folder = tmp_path_factory.mktemp("cuiman") / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", python, folder], check=True)
    install = [UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", "-r", HERE / "cuiman.txt"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cuiman cannot be installed here: {done.stderr[-300:]}")
    return folder / "bin"


@pytest.fixture(scope="session")
def calls(tools: Path, server: Server) -> dict[str, Any]:
    """What the Python client got for each of its calls."""
    command = [tools / "python", HERE / "cuiman_calls.py", server.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_cuiman_reads_landing_page_conformance_and_processes(calls: dict[str, Any]) -> None:
    assert "service-desc" in calls["relations"]
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in calls["classes"]
    assert "echo" in calls["processes"]


def test_cuiman_makes_a_template_of_every_description(calls: dict[str, Any]) -> None:
    assert set(calls["templates"]) == set(calls["processes"])
    assert "message" in calls["templates"]["echo"]


def test_cuiman_follows_a_job_from_its_beginning_to_its_end(calls: dict[str, Any]) -> None:
    assert calls["submitted"]["status"] in ("accepted", "running")
    assert calls["finished"]["status"] == "successful"
    assert calls["listed"]
    assert calls["results"] == {"slept": 0}
    assert calls["dismissed"]["status"] == "dismissed"


def test_cuiman_shows_the_problem_of_a_bad_request(calls: dict[str, Any]) -> None:
    assert calls["problem"]["status"] == 400
    assert 'did you mean "seconds"?' in calls["problem"]["detail"]


def test_the_command_line_of_cuiman_runs_a_process(tools: Path, server: Server, client: Client, tmp_path: Path) -> None:
    """It sends no `Prefer` and takes nothing but a 201, so the process is one that is async only."""

    def cuiman(*arguments: str) -> Any:
        command = [tools / "cuiman", *arguments, "--config", tmp_path / "config", "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"HOME": str(tmp_path)})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    (tmp_path / "config").write_text(f"api_url: {server.url}\nauth:\n  auth_type: none\n")
    request = tmp_path / "request.json"
    request.write_text('{"process_id": "async-only", "inputs": {"seconds": 0}, "response": "document"}')
    job = cuiman("execute-process", "--request", str(request))
    client.finished(job["jobID"])
    assert cuiman("get-job", job["jobID"])["status"] == "successful"
    assert job["jobID"] in [listed["jobID"] for listed in cuiman("list-jobs")["jobs"]]
    assert cuiman("get-job-results", job["jobID"]) == {"slept": 0}
