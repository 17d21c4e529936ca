"""`check --run`: the examples of every process, in a child process."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import has_our_frames, run_command

Put = Callable[[str, str | bytes], Path]


SHAPE = """callable: tools.shape
version: 1
examples:
  right:
    inputs: {kind: Polygon}
    outputs: {result: {type: Polygon, third: 0.3333333333333, parts: [1, {a: 2}], none: null}}
  free: {}
  wrong:
    outputs:
      result:
        type: Line
        parts: [1, {b: 4}]
        more: 1
"""

TELL = """callable: tools.tell
version: 1
examples:
  raises: {inputs: {what: raise}}
  exits: {inputs: {what: exit}}
  ends: {inputs: {what: end}}
  crashes: {inputs: {what: crash}}
  hangs: {inputs: {what: hang}}
  refused: {inputs: {what: 5}}
  works: {inputs: {what: a}, outputs: {result: A}}
"""


@pytest.mark.parametrize("seconds", ["0", "-1"])
def test_an_example_that_may_take_no_time_is_misuse(folder: Path, seconds: str) -> None:
    done = run_command("check", "--run", "--timeout", seconds)
    assert done.returncode == 2
    assert "more than 0" in done.stderr


def test_examples_that_work_are_counted(put: Put) -> None:
    put("area.yaml", "callable: tools.area\nversion: 1\nexamples: {a: {inputs: {width: 2}, outputs: {result: 4}}}\n")
    put("measure.yaml", "callable: tools.measure\nversion: 1\nexamples: {a: {inputs: {content: {$file: raw.bin}}}}\n")
    put(
        "picture.yaml",
        "callable: tools.picture\nversion: 1\n"
        "outputs: {result: {schema: {type: string, contentEncoding: binary, contentMediaType: image/png}}}\n"
        "examples: {a: {inputs: {name: b}, outputs: {result: {$file: expected.png}}}}\n",
    )
    put("raw.bin", b"\xff\xfe")
    put("expected.png", b"\x89PNGb")
    done = run_command("check", "--run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "3 processes, 3 examples, nothing wrong"


def test_differences_are_shown_at_their_lines(put: Put) -> None:
    put("shape.yaml", SHAPE)
    done = run_command("check", "--run")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        'processes.d/shape.yaml:11:15: example "wrong": result.type: expected "Line", got "Point"\n'
        "          type: Line\n"
        "                ^\n"
        'processes.d/shape.yaml:12:24: example "wrong": result.parts[1].b: expected 4, got 3\n'
        "          parts: [1, {b: 4}]\n"
        "                         ^\n"
        'processes.d/shape.yaml:13:15: example "wrong": result.more: expected 1, got nothing\n'
        "          more: 1\n"
        "                ^\n"
    )


def test_whatever_a_run_does_is_told_and_not_suffered(put: Put) -> None:
    put("tell.yaml", TELL)
    put(
        "shape.yaml",
        SHAPE.replace("Line", "Point").replace("b: 4", "b: 3").replace("more: 1", "{}").split("  wrong")[0],
    )
    done = run_command("check", "--run", "--timeout", "5", "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    document = json.loads(done.stdout)
    said = {(one["line"], one["column"]): one["what"] for one in document["complaints"]}
    assert said == {
        (4, 3): 'example "raises": ValueError: no way',
        (5, 3): 'example "exits": SystemExit: 3',
        (6, 3): 'example "ends": the run ends the process with exit status 4',
        (7, 3): 'example "crashes": the run crashes the process (SIGSEGV)',
        (8, 3): 'example "hangs": the run takes longer than 5 s',
        (9, 28): 'example "refused": $.inputs.what: 5 is not of type "string"',
    }
    details = [one["detail"] for one in document["complaints"]]
    assert details[0].splitlines()[-1] == "ValueError: no way"
    assert "tools.py" in details[0]
    assert details[2] == "bye"
    assert not any(map(has_our_frames, details))
    assert document["summary"] == {"complaints": 6, "files": 1, "processes": 2, "versions": 2, "examples": 9}


def test_the_time_limit_of_the_file_counts(put: Put) -> None:
    put(
        "tell.yaml",
        "callable: tools.tell\nversion: 1\nrun: {timeLimit: {hard: 2s}}\nexamples: {a: {inputs: {what: hang}}}\n",
    )
    done = run_command("check", "--run")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == 'processes.d/tell.yaml:4:12: example "a": the run takes longer than 2 s'


def test_nothing_is_run_where_files_are_wrong(put: Put) -> None:
    put("tell.yaml", "callable: tools.tell\nversion: 1\nexamples: {a: {inputs: {what: crash}}}\n")
    put("wrong.yaml", "callable: tools.nothing\n")
    done = run_command("check", "--run")
    assert done.stderr.splitlines()[0] == 'processes.d/wrong.yaml:1:11: tools has no "nothing"'
    assert "example" not in done.stderr


def test_the_folder_may_lie_anywhere(put: Put, folder: Path) -> None:
    put("area.yaml", "callable: tools.area\nversion: 1\nexamples: {a: {inputs: {width: 2}, outputs: {result: 5}}}\n")
    done = run_command("check", "--run", str(folder.rename(folder.parent / "other")))
    assert done.stderr.splitlines()[0] == 'other/area.yaml:3:54: example "a": result: expected 5, got 4.0'
