"""swagger-client and swagger-parser: from the landing page to an execution, by the API definition alone."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from serving import Client, Server

HERE = Path(__file__).parent / "swagger"
OLDEST_NODE = 18
NO_SCRIPTS = ("--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--no-package-lock")


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both packages and the program that uses them."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"swagger-client needs Node.js {OLDEST_NODE}, and there is {version.strip()}")
    folder = tmp_path_factory.mktemp("swagger")
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    done = subprocess.run(["npm", "install", *NO_SCRIPTS], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"swagger-client cannot be installed here: {done.stderr[-300:]}")
    return folder


@pytest.fixture(scope="session")
def calls(packages: Path, server: Server) -> dict[str, Any]:
    command = ["node", "calls.mjs", f"{server.url}/"]
    done = subprocess.run(command, cwd=packages, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_swagger_takes_the_definition_without_a_fault(calls: dict[str, Any], client: Client) -> None:
    """But for an input that one of our tests calls `__proto__`, which swagger-client refuses to resolve."""
    assert [fault for fault in calls["faults"] if "__proto__" not in fault] == []
    paths = client.get("/api").json()["paths"]
    methods = [method for path in paths.values() for method in path if method in ("get", "post", "delete")]
    assert len(set(calls["operations"])) == len(methods)


def test_swagger_executes_a_process_at_once(calls: dict[str, Any]) -> None:
    assert calls["sync"] == {"status": 200, "body": {"output_text": "HELLO"}}


def test_swagger_makes_a_job(calls: dict[str, Any], client: Client) -> None:
    assert calls["async"]["status"] == 201
    job = calls["async"]["body"]["jobID"]
    assert calls["async"]["location"].endswith(f"/jobs/{job}")
    assert client.finished(job)["status"] == "successful"


def test_swagger_is_shown_the_problem_of_a_bad_request(calls: dict[str, Any]) -> None:
    assert calls["refused"]["status"] == 400
    assert 'did you mean "input_text"?' in calls["refused"]["problem"]["detail"]
