"""The pytest plugin: examples as tests, and nothing in projects that do not ask."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import PLUGIN, run_pytest
from serving import ROOT

Put = Callable[[str, str | bytes], Path]
AREA = """callable: tools.area
version: 1
examples:
  right: {inputs: {width: 2}, outputs: {result: 4}}
  wrong: {inputs: {width: 2}, outputs: {result: 5}}
  refused: {inputs: {width: wide}}
"""
RAISES = "callable: tools.tell\nversion: 1\nexamples: {raises: {inputs: {what: raise}}}\n"
EXAMPLES = "--fastprocesses-examples=processes.d"


@pytest.fixture
def project(put: Put, folder: Path) -> Path:
    """A project with a test and two description files."""
    put("area.yaml", AREA)
    put("tell.yaml", RAISES)
    put("_draft.yaml", "not: [read")
    project = folder.parent
    (project / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    (project / "tests").mkdir()
    (project / "tests" / "test_own.py").write_text("def test_own(): pass\n")
    return project


def test_the_entry_point_is_this_plugin() -> None:
    entry_points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert entry_points == {"fastprocesses": PLUGIN}


def test_nothing_is_collected_where_nobody_asks(project: Path) -> None:
    assert run_pytest("-q").stdout.splitlines()[-1].startswith("1 passed")
    assert "no tests ran" in run_pytest("-q", "processes.d").stdout


def test_loading_the_plugin_imports_nothing_of_the_server(project: Path) -> None:
    (project / "tests" / "test_own.py").write_text(
        "import sys\n"
        "def test_own():\n"
        "    ours = {name for name in sys.modules if name.startswith('fastprocesses_server')}\n"
        "    assert ours == {'fastprocesses_server', 'fastprocesses_server.errors', "
        "'fastprocesses_server.pytest_plugin'}\n"
        "    assert not {'pydantic', 'httpx', 'celery', 'yaml'} & sys.modules.keys()\n"
    )
    done = run_pytest("-q")
    assert done.returncode == 0, done.stdout


def test_a_folder_that_is_not_there_is_misuse(project: Path) -> None:
    done = run_pytest("-q", "--fastprocesses-examples=nope")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"--fastprocesses-examples: there is no folder {project / 'nope'}" in done.stderr


def test_examples_are_tests_where_the_option_asks(project: Path) -> None:
    done = run_pytest("-v", EXAMPLES)
    assert done.returncode == 1
    assert "tests/test_own.py::test_own PASSED" in done.stdout
    assert "processes.d/area.yaml::right PASSED" in done.stdout
    assert "processes.d/area.yaml::wrong FAILED" in done.stdout
    assert "3 failed, 2 passed" in done.stdout

    assert (
        'processes.d/area.yaml:5:49: example "wrong": result: expected 5, got 4.0\n'
        "    wrong: {inputs: {width: 2}, outputs: {result: 5}}\n"
        "                                                  ^\n"
    ) in done.stdout
    assert '$.inputs.width: "wide" is not of type "number"\n' in done.stdout
    assert "E               ValueError: no way" in done.stdout
    assert "processes.d/tools.py:" in done.stdout
    assert "pluggy" not in done.stdout.partition("short test summary")[0].partition("FAILURES")[2]
    assert "trial.py" not in done.stdout


def test_examples_are_tests_where_the_settings_ask(project: Path) -> None:
    (project / "pytest.ini").write_text("[pytest]\ntestpaths = tests\nfastprocesses_examples = processes.d\n")
    usual = run_pytest("--collect-only", "-q").stdout.splitlines()
    assert usual[:5] == [
        "tests/test_own.py::test_own",
        "processes.d/area.yaml::right",
        "processes.d/area.yaml::wrong",
        "processes.d/area.yaml::refused",
        "processes.d/tell.yaml::raises",
    ]
    assert run_pytest("--collect-only", "-q", "tests").stdout.splitlines()[:2] == ["tests/test_own.py::test_own", ""]
    assert run_pytest("-q", "processes.d/area.yaml::right").stdout.splitlines()[-1].startswith("1 passed")
    everything = run_pytest("--collect-only", "-q", ".").stdout.splitlines()
    assert sum(line.startswith("processes.d/") for line in everything) == 4


def test_wrong_files_are_an_error_of_the_collection_told_once(project: Path, put: Put) -> None:
    put("area.yaml", AREA.replace("examples", "exmaples"))
    put("tell.yaml", RAISES.replace("tell\n", "tel\n"))
    done = run_pytest(EXAMPLES)
    assert done.returncode == 2
    assert done.stdout.count('processes.d/area.yaml:3:1: there is no member "exmaples" here') >= 1
    assert done.stdout.count('processes.d/tell.yaml:1:11: tools has no "tel"') >= 1
    assert "1 error" in done.stdout
    assert "Traceback" not in done.stdout
    assert "registry.py" not in done.stdout
