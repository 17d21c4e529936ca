"""`init`: a folder that runs as it is."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import run_pytest
from serving import ROOT, Client, Server

from fastprocesses_server.authoring.new import SCHEMA_FILE
from fastprocesses_server.authoring.starter import TEMPLATE, make_folder, next_commands
from fastprocesses_server.errors import StartError
from fastprocesses_server.processes.file_schema import file_schema
from fastprocesses_server.processes.json_reader import read_json
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.settings import load_settings, setting_names, unknown_names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_folder(tmp_path / "mine")
    return tmp_path / "mine"


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_makes_it_and_says_what_comes_next(tmp_path: Path) -> None:
    done = run("fastprocesses_server", "init", "my processes", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "my processes is ready. Next:\n\ncd 'my processes'\nfastprocesses-server check\nfastprocesses-server dev\ncurl "
    )
    made = {str(path.relative_to(tmp_path / "my processes")) for path in (tmp_path / "my processes").rglob("*.*")}
    assert made == {*TEMPLATE, f"processes.d/{SCHEMA_FILE}", "processes.d"}


def test_an_empty_folder_is_filled_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_folder(Path())
    assert (tmp_path / "compose.yaml").is_file()
    assert next_commands(Path()).startswith("fastprocesses-server check\n")


def test_a_folder_with_something_in_it_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").touch()
    with pytest.raises(StartError, match=r"^mine is not empty; name a folder that is, or a new one$"):
        make_folder(Path("mine"))
    with pytest.raises(StartError, match=r"^mine/notes cannot be filled: Not a directory$"):
        make_folder(Path("mine/notes"))
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes"]


def test_check_finds_nothing_wrong(folder: Path) -> None:
    done = run("fastprocesses_server", "check", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing wrong" in done.stdout


def test_its_tests_pass(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = run_pytest("-q")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    (folder / "processes.d" / "distances.py").write_text(
        "def great_circle(start: dict, end: dict) -> float:\n    return 1\n"
    )
    done = run_pytest("-q")
    assert "3 failed" in done.stdout
    assert 'processes.d/great-circle.yaml:6:23: example "utrecht-to-montreal": result: expected' in done.stdout


def test_its_code_is_formatted(folder: Path) -> None:
    ruff = str(Path(sys.executable).parent / "ruff")
    for command in (["check", "--select", "E,F,I,UP", "--ignore", "E402"], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *command, "--isolated", "--no-cache", "--line-length", "120", str(folder)],
            cwd=folder,  # where this package is one of others
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_editors_find_the_schema(folder: Path) -> None:
    first = (folder / "processes.d" / "great-circle.yaml").read_text().partition("\n")[0]
    link = first.removeprefix("# yaml-language-server: $schema=")
    assert read_json((folder / "processes.d" / link).read_text()).data == file_schema()


def test_its_settings_are_understood(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for name in {name for names in setting_names().values() for name in names}:
        monkeypatch.delenv(name, raising=False)
    assert unknown_names({}) == []
    assert load_settings().api_title == "My processes"
    text = (folder / ".env").read_text()
    (folder / ".env").write_text(re.sub(r"^#(?=\w+=)", "", text, flags=re.MULTILINE))
    assert unknown_names({}) == []
    assert load_settings().public_url == "https://processes.example.org"


def test_its_containers_are_those_of_the_project(folder: Path) -> None:
    """But for the image, which is found and not built, the folder with all settings, and what only some start."""

    def services(path: Path) -> dict[str, Any]:
        document = yaml.safe_load(path.read_text())["services"]
        for name in ("api", "worker"):
            service = document[name]
            service.pop("build", None)
            service.pop("pull_policy", None)
            service["env_file"] = [one for one in service["env_file"] if one != "config/fastprocesses.env"]
            service["volumes"] = [one for one in service["volumes"] if not one.startswith("./config:")]
        return {name: service for name, service in document.items() if "profiles" not in service}

    assert services(folder / "compose.yaml") == services(ROOT / "compose.yaml")
    own = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
    assert own["api"]["pull_policy"] == own["worker"]["pull_policy"] == "never"


def test_compose_follows_the_specification(folder: Path) -> None:
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(folder / "compose.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("init") / "mine"
    make_folder(folder)
    running = Server(folder / "processes.d", folder / ".fastprocesses", {})
    running.start()
    yield running
    assert running.stop() == 0, running.log()


def test_dev_runs_it(started: Server) -> None:
    (example,) = load_registry(started.state.parent / "processes.d")["great-circle"].examples.values()
    with Client(base_url=started.url, timeout=60) as client:
        response = client.execute("great-circle", example.inputs)
        assert response.status_code == 200, response.text
        assert round(float(response.text)) == 5523
        assert client.get("/").json()["title"] == "My processes"


@pytest.mark.parametrize(
    "text", [next_commands(Path()), (ROOT / "fastprocesses_server/authoring/template/README.md").read_text()]
)
def test_the_curl_line_works_as_printed(text: str, started: Server) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    start = text.index("curl ")
    command = text[start : text.index("}}'", start) + 3].replace("http://localhost:8000", started.url)
    done = subprocess.run(
        [*shlex.split(command.replace("\\\n", " ")), "--fail-with-body"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout[:4]) == (0, "5522"), done.stdout


def test_the_template_belongs_to_the_package() -> None:
    template = ROOT / "fastprocesses_server" / "authoring" / "template"
    assert {path.name for path in template.iterdir()} == set(TEMPLATE.values())
    git = ["git", "check-ignore", *map(str, template.iterdir())]
    if shutil.which("git") and (ROOT / ".git").exists():
        assert subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout == ""
