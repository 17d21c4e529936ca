"""One of several versions of a process, asked for by `id:version` as in URLs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from command_line import run_command

from fastprocesses_server.testing import NoSuchProcess, run_process

Put = Callable[[str, str | bytes], Path]

pytestmark = pytest.mark.usefixtures("two_versions")


@pytest.mark.parametrize(
    ("process_id", "version", "file"),
    [
        ("area", "2.0", "processes.d/area@2.0.yaml"),
        ("area:2.0", "2.0", "processes.d/area@2.0.yaml"),
        ("area:1.4.2", "1.4.2", "processes.d/area@1.4.2.yaml"),
    ],
)
def test_what_is_in_effect_for_a_version_is_shown_with_its_own_file(process_id: str, version: str, file: str) -> None:
    done = run_command("show", process_id)
    assert done.returncode == 0, done.stderr
    shown = yaml.safe_load(done.stdout)
    assert (shown["id"], str(shown["version"])) == ("area", version)
    origins = {
        row.split()[0]: row.split()[-1] for row in run_command("show", process_id, "--origin").stdout.splitlines()
    }
    assert origins["version"] == f"{file}:2:1"


def test_what_clients_get_of_a_version_is_as_published() -> None:
    newest = json.loads(run_command("show", "area", "--ogc").stdout)
    assert [one["href"].rpartition("/")[2] for one in newest["links"] if one["rel"] == "predecessor-version"] == [
        "area%3A1.4.2"
    ]
    assert json.loads(run_command("show", "area:1.4.2", "--ogc").stdout)["id"] == "area:1.4.2"
    (path,) = json.loads(run_command("show", "area:1.4.2", "--openapi").stdout)
    assert path == "/processes/area:1.4.2/execution"


@pytest.mark.usefixtures("clean_imports")
def test_a_version_runs_here() -> None:
    assert run_command("run", "area:1.4.2", "width=2", "height=3").stdout == "6.0\n"
    assert run_command("run", "area:1.4.2", "width=2", "height=4").returncode == 1
    assert run_process("area:1.4.2", width=2, height=3) == {"result": 6}
    assert run_process("area", width=2, height=4) == {"result": 8}


@pytest.mark.usefixtures("clean_imports")
def test_a_version_that_is_not_there_is_said_with_one_that_is() -> None:
    said = 'processes.d: there is no process area:1.4.3; did you mean "area:1.4.2"?'
    assert run_command("show", "area:1.4.3").stderr == f"{said}\n"
    assert run_command("run", "area:1.4.3").stderr == f"{said}\n"
    with pytest.raises(NoSuchProcess, match=r'did you mean "area:1\.4\.2"'):
        run_process("area:1.4.3")


def test_the_check_names_all_versions() -> None:
    assert run_command("check").stdout == (
        "processes.d/area@1.4.2.yaml: area 1.4.2\nprocesses.d/area@2.0.yaml: area 2.0\n"
        "1 process in 2 versions, nothing wrong\n"
    )
    summary = json.loads(run_command("check", "--format", "json").stdout)["summary"]
    assert (summary["processes"], summary["versions"]) == (1, 2)


def test_files_of_any_name_may_be_versions_of_a_process(put: Put) -> None:
    put("plain.yaml", "callable: tools.tell\nid: area\nversion: 3\ntitle: Third\n")
    newest = yaml.safe_load(run_command("show", "area").stdout)
    assert (newest["callable"], newest["title"]) == ("tools.tell", "Third")
    assert "title" not in yaml.safe_load(run_command("show", "area:2.0").stdout)


@pytest.mark.parametrize("name", ["area@2.0", "area:", ":2.0", "2.0"])
def test_what_is_no_id_of_a_version_is_told_as_such(name: str) -> None:
    for command in ("show", "run"):
        done = run_command(command, name)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"processes.d: there is no process {name}")


def test_the_examples_of_all_versions_are_run() -> None:
    done = run_command("check", "--run")
    assert [line.partition(":")[0] for line in done.stderr.splitlines() if "expected" in line] == [
        "processes.d/area@1.4.2.yaml",
        "processes.d/area@2.0.yaml",
    ]
