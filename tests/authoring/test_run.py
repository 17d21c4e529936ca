"""`run ID name=value`: a process here, without Redis."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import has_our_frames, run_command, run_on_terminal

pytestmark = pytest.mark.usefixtures("published_tools")


def test_an_output_is_printed_as_itself() -> None:
    done = run_command("run", "area", "width=2.5")
    assert (done.returncode, done.stdout, done.stderr) == (0, "5.0\n", "")


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("tell", "what=5"), "5\n"),
        (("total", "values=1", "values=2.5"), "3.5\n"),
        (("measure", "content=@noise.bin"), "256\n"),
        (("shape",), '{"type":"Point","third":0.3333333333333333,"parts":[1,{"a":2,"b":3}],"none":null}\n'),
        (
            ("both", "text=a"),
            '{"shout":"A","raw":{"value":"YQ==","encoding":"base64","mediaType":"application/x-raw"}}\n',
        ),
    ],
)
def test_values_arrive_as_the_inputs_take_them(arguments: tuple[str, ...], printed: str) -> None:
    Path("noise.bin").write_bytes(bytes(range(256)))
    done = run_command("run", *arguments)
    assert (done.returncode, done.stdout) == (0, printed), done.stderr


def test_integers_of_any_size_are_printed_as_they_are(put: Callable[[str, str], Path]) -> None:
    put("large.py", "def run() -> dict[str, int]:\n    return {'atoms': 10**31}\n")
    put("large.yaml", "callable: large.run\nversion: 1\n")
    assert run_command("run", "large").stdout == f'{{"atoms":{10**31}}}\n'


def test_wrong_inputs_are_told_as_the_server_tells_them() -> None:
    done = run_command("run", "area", "widht=1", "height=high")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        '$.inputs.widht: the process has no such input; did you mean "width"?\n'
        "$.inputs.width: is required\n"
        '$.inputs.height: "high" is not of type "number"\n'
    )


def test_references_are_fetched_by_the_guard() -> None:
    done = run_command("run", "area", "width=@http://127.0.0.1:9999/five.json")
    assert (done.returncode, done.stderr) == (
        1,
        "$.inputs.width: http://127.0.0.1:9999/five.json: the host 127.0.0.1 must not be asked from here\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("aera", "width=1"), 'processes.d: there is no process aera; did you mean "area"?\n'),
        (("area", "width"), "'width': inputs are written name=value, or name=@file\n"),
    ],
)
def test_a_call_without_meaning_has_a_status_of_its_own(arguments: tuple[str, ...], said: str) -> None:
    done = run_command("run", *arguments)
    assert (done.returncode, done.stderr) == (2, said)


def test_an_exception_shows_the_frames_of_the_author_and_what_clients_read() -> None:
    done = run_command("run", "tell", "what=raise")
    assert done.returncode == 1
    assert 'tools.py", line ' in done.stderr
    assert done.stderr.endswith(
        "ValueError: no way\nclients read: The process ended with an error. The server's log has the details.\n"
    )
    assert not has_our_frames(done.stderr)


def test_leaving_by_sys_exit_is_a_failure() -> None:
    done = run_command("run", "tell", "what=exit")
    assert done.returncode == 1
    assert "SystemExit: 3\n" in done.stderr


def test_an_output_that_the_description_does_not_allow_is_told_with_its_reason() -> None:
    done = run_command("run", "promise")
    assert done.returncode == 1
    assert done.stderr == (
        'output \'number\' does not fit its schema: {"nothing":"like that"} is not of type "number"\n'
        "clients read: The process returned something that its description does not allow.\n"
    )


def test_outputs_are_saved_under_their_names() -> None:
    done = run_command("run", "picture", "name=map.png", "--output", "out/pictures")
    assert (done.returncode, done.stdout) == (0, "out/pictures/map.png\n")
    assert Path("out/pictures/map.png").read_bytes() == b"\x89PNGmap.png"
    done = run_command("run", "both", "text=a", "--output", "out")
    assert done.stdout.splitlines() == ["out/shout.txt", "out/raw"]
    assert Path("out/shout.txt").read_text() == "A"
    assert Path("out/raw").read_bytes() == b"a"
    assert run_command("run", "shape", "--output", "out").stdout == "out/result.json\n"
    assert json.loads(Path("out/result.json").read_text())["type"] == "Point"


@pytest.mark.parametrize("place", ["processes.d/tools.py", "processes.d/tools.py/out"])
def test_a_folder_that_cannot_be_made_is_told_before_the_run(place: str) -> None:
    done = run_command("run", "printing", "--output", place)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{place}: cannot be written: ")
    assert done.stderr.count("\n") == 1


def test_a_file_that_cannot_be_written_is_told() -> None:
    Path("out/result.json").mkdir(parents=True)
    done = run_command("run", "shape", "--output", "out")
    assert done.returncode == 1
    assert done.stderr.startswith("out/result.json: cannot be written: ")
    assert not has_our_frames(done.stderr)


def test_what_is_printed_is_not_the_output() -> None:
    done = run_command("run", "printing")
    assert done.stdout == "7\n"
    assert sorted(done.stderr.splitlines()) == ["by C", "by a child", "by hand", "late", "printed"]


def test_binary_outputs_go_to_a_pipe_as_they_are() -> None:
    assert run_command("run", "picture", "name=a").stdout.endswith("PNGa")


def test_a_terminal_gets_a_bar_and_no_bytes() -> None:
    status, seen = run_on_terminal("run", "tell", "what=hello")
    assert status == 0
    assert "50%  half way" in seen
    assert "100%" in seen
    assert "HELLO\n" in seen
    status, seen = run_on_terminal("run", "picture", "name=map.png")
    assert status == 0
    assert "image: image/png, 11 B, not shown on a terminal; --output DIR saves it" in seen
    assert "PNGmap" not in seen


def test_what_is_wrong_with_the_files_is_told_first() -> None:
    Path("processes.d/area.yaml").write_text("callable: tools.aera\nversion: 1\n")
    done = run_command("run", "area", "width=1")
    assert done.returncode == 1
    assert done.stderr.startswith('processes.d/area.yaml:1:11: tools has no "aera"\n')


def test_the_folder_may_be_named() -> None:
    Path("processes.d").rename("elsewhere")
    assert run_command("run", "area", "width=1", FP_PROCESSES_DIR="elsewhere").stdout == "2.0\n"
