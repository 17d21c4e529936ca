"""`check`: everything that is wrong, for people and for programs."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import has_our_frames, run_command

Put = Callable[[str, str | bytes], Path]


BAD = "callable: tools.area\nversion: 1\ntitel: a\ninputs: {widht: {}}\n"


def test_a_good_folder_names_what_is_published(put: Put) -> None:
    put("area.yaml", "callable: tools.area\nversion: 1\n")
    put("tell.yaml", "callable: tools.tell\n")
    done = run_command("check")
    assert (done.returncode, done.stdout) == (
        0,
        "processes.d/area.yaml: area 1\nprocesses.d/tell.yaml: tell 0.0.0\n2 processes, nothing wrong\n",
    )
    assert done.stderr == ("warning: processes.d/tell.yaml: neither the file nor tools says a version; it is 0.0.0\n")


def test_text_shows_all_with_line_caret_and_suggestion(put: Put) -> None:
    put("bad.yaml", BAD)
    put("worse.yaml", "inputs: [1, 2\n")
    done = run_command("check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        'processes.d/bad.yaml:3:1: there is no member "titel" here\n'
        "  titel: a\n"
        "  ^\n"
        '  did you mean "title"?\n'
        'processes.d/bad.yaml:4:10: the callable takes no "widht"; it takes "width", "height"\n'
        "  inputs: {widht: {}}\n"
        "           ^\n"
        '  did you mean "width"?\n'
        "processes.d/worse.yaml:1:9: while parsing a flow sequence: did not find expected ',' or ']'\n"
        "  inputs: [1, 2\n"
        "          ^\n"
    )


def test_json_is_one_document(put: Put) -> None:
    put("bad.yaml", BAD)
    put("raising.py", "1 / 0\n")
    put("raising.yaml", "callable: raising.it\noutputs: {}\n")
    done = run_command("check", "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    document = json.loads(done.stdout)
    first = document["complaints"][0]
    assert first == {
        "file": "processes.d/bad.yaml",
        "line": 3,
        "column": 1,
        "what": 'there is no member "titel" here',
        "hint": "title",
        "source": "titel: a",
        "detail": "",
    }
    last = document["complaints"][-1]
    assert (last["file"], last["line"], last["column"]) == ("processes.d/raising.yaml", 1, 11)
    assert last["detail"].endswith("ZeroDivisionError: division by zero")
    assert not has_our_frames(last["detail"])
    assert document["summary"] == {
        "complaints": len(document["complaints"]),
        "files": 2,
        "processes": 0,
        "versions": 0,
        "examples": None,
    }


def test_github_gets_one_line_for_each_with_everything_escaped(put: Put) -> None:
    put("100%, a:b.yaml", "callable: tools.area\nversion: 1\nid: x\ntitel: 1\n")
    put("raising.py", "1 / 0\n")
    put("raising.yaml", "callable: raising.it\noutputs: {}\n")
    done = run_command("check", "--format", "github")
    assert (done.returncode, done.stderr) == (1, "")
    first, second = done.stdout.splitlines()
    assert first == (
        "::error file=processes.d/100%25%2C a%3Ab.yaml,line=4,col=1::"
        'there is no member "titel" here%0Adid you mean "title"?'
    )
    assert second.startswith(
        "::error file=processes.d/raising.yaml,line=1,col=11::"
        "the import of raising fails: ZeroDivisionError: division by zero%0A"
    )


def test_warnings_are_no_errors_for_github(put: Put) -> None:
    put("tell.yaml", "callable: tools.tell\n")
    done = run_command("check", "--format", "github")
    assert (done.returncode, done.stdout) == (
        0,
        "::warning file=processes.d/tell.yaml::neither the file nor tools says a version; it is 0.0.0\n",
    )


@pytest.mark.parametrize("arguments", [("--format", "xml"), ("--timeout", "soon"), ("a", "b")])
def test_a_call_without_meaning_has_a_status_of_its_own(arguments: tuple[str, ...], folder: Path) -> None:
    assert run_command("check", *arguments).returncode == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "the processes folder cannot be read: No such file or directory; FP_PROCESSES_DIR names another"),
        (
            "processes.d",
            (
                "there is no description file; put one there, "
                "for example buffer.yaml with the line `callable: geo_tools.buffer`"
            ),
        ),
    ],
)
def test_a_folder_without_files_is_told_in_every_format(name: str, said: str, folder: Path) -> None:
    assert run_command("check", name).stderr == f"{name}: {said}\n"
    document = json.loads(run_command("check", name, "--format", "json").stdout)
    assert [(one["file"], one["line"], one["what"]) for one in document["complaints"]] == [(name, 1, said)]


@pytest.mark.parametrize(("files", "seconds"), [(10, 3), (1000, 20)])
def test_the_time_of_a_check_is_that_of_its_files(
    files: int, seconds: float, tmp_path: Path, figure: Callable[..., None]
) -> None:
    """Time of the processor, which others on the machine do not change much."""
    callables = ["html.escape(s)", "textwrap.dedent(text)", "shlex.quote(s)", "statistics.mean(data)", "math.sqrt(x)"]
    for number in range(files):
        name, _, parameter = callables[number % len(callables)].rstrip(")").partition("(")
        (tmp_path / f"process-{number}.yaml").write_text(
            f"callable: {name}\nversion: 1\ninputs:\n  {parameter}: {{schema: {{type: string}}}}\n"
            "outputs:\n  result: {schema: {type: string}}\n"
        )
    before = os.times()
    done = run_command("check", str(tmp_path))
    after = os.times()
    assert done.returncode == 0, done.stderr
    used = after.children_user - before.children_user + after.children_system - before.children_system
    figure(f"check of {files} files of the standard library: CPU", used, "s", seconds)
