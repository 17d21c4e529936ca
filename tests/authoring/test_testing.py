"""`run_process`, for the tests of those who write processes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fastprocesses_server.testing import InvalidOutput, InvalidRequest, NoSuchProcess, ProcessError, run_process

Put = Callable[[str, str | bytes], Path]
pytestmark = pytest.mark.usefixtures("published_tools", "clean_imports")


def test_outputs_come_by_name_as_python_values() -> None:
    assert run_process("area", width=2.5) == {"result": 5.0}
    assert run_process("tell", {"what": "a"}) == {"result": "A"}
    assert run_process("both", text="a") == {"shout": "A", "raw": b"a"}
    assert run_process("shape")["result"]["parts"] == [1, {"a": 2, "b": 3}]


def test_integers_of_any_size_stay_what_they_are(put: Put) -> None:
    put("large.py", "def run() -> dict[str, int]:\n    return {'atoms': 10**31}\n")
    put("large.yaml", "callable: large.run\nversion: 1\n")
    returned = run_process("large")
    assert returned == {"result": {"atoms": 10**31}}
    assert isinstance(returned["result"]["atoms"], int)


def test_a_file_comes_as_its_path() -> None:
    path = run_process("picture", name="map.png")["image"]
    assert isinstance(path, Path)
    assert path.read_bytes() == b"\x89PNGmap.png"


def test_inputs_are_python_values_bytes_and_files(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"\xff\xfe\xfd")
    (tmp_path / "width.json").write_text("3")
    assert run_process("measure", content=b"four") == {"result": 4}
    assert run_process("measure", content=tmp_path / "raw") == {"result": 3}
    assert run_process("area", width=tmp_path / "width.json") == {"result": 6.0}
    assert run_process("total", values=(1, 2)) == {"result": 3.0}


def test_what_the_callable_raises_comes_as_it_is_with_its_own_frames(put: Put) -> None:
    with pytest.raises(ValueError, match="no way") as caught:
        run_process("tell", what="raise")
    frames = [Path(entry.path).name for entry in caught.traceback]
    assert frames[-1] == "tools.py"
    assert not {"trial.py", "calls.py"} & set(frames)

    put(
        "limits.py",
        "from fastprocesses_server import ProcessError\ndef run() -> int:\n    raise ProcessError('outside')\n",
    )
    put("limits.yaml", "callable: limits.run\nversion: 1\n")
    with pytest.raises(ProcessError, match="outside"):
        run_process("limits")


def test_inputs_that_the_server_would_refuse_are_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        run_process("area", widht=1)
    assert str(caught.value) == (
        '$.inputs.widht: the process has no such input; did you mean "width"?; $.inputs.width: is required'
    )


def test_outputs_that_the_description_does_not_allow_are_refused() -> None:
    with pytest.raises(InvalidOutput, match="output 'number' does not fit its schema"):
        run_process("promise")


def test_a_process_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(NoSuchProcess) as caught:
        run_process("aera")
    assert str(caught.value) == f"{folder} has no process 'aera'; did you mean \"area\"?"


def test_processes_are_found_by_argument_or_setting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = folder.rename(folder.parent / "elsewhere")
    assert run_process("area", width=1, processes_dir="elsewhere") == {"result": 2.0}
    monkeypatch.setenv("FP_PROCESSES_DIR", str(elsewhere))
    assert run_process("area", width=1) == {"result": 2.0}


def test_a_changed_file_is_read_again(put: Put) -> None:
    assert run_process("area", width=1) == {"result": 2.0}
    put("area.yaml", "callable: tools.area\nversion: 1\noutputs: {size: {}}\n")
    assert run_process("area", width=1) == {"size": 2.0}


def test_files_are_removed_when_python_ends(tmp_path: Path) -> None:
    script = "from fastprocesses_server.testing import run_process; print(run_process('picture', name='a')['image'])"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert not done.stderr
    path = Path(done.stdout.strip())
    assert path.name == "a"
    assert not path.exists()
    assert not path.parent.parent.exists()
