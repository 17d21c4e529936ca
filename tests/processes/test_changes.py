"""What a watch of the processes folder takes for a change, and what it passes over."""

from pathlib import Path

import pytest

from fastprocesses_server.processes.changes import is_read

EXAMPLES = """\
callable: words.say
examples:
  one: {inputs: {shape: {$file: data/square.geojson}}}
  two: {inputs: {shape: {"$file": './circle.wkt'}}}
"""

READ = [
    "say.yaml",
    "SAY.YML",
    "say.json",
    "words.py",
    "_words.py",
    "noise/__init__.py",
    "noise/model.py",
    "noise/fast.cpython-311-x86_64-linux-gnu.so",
    "data/square.geojson",
    "circle.wkt",
]

PASSED_OVER = [
    "_say.yaml",
    ".say.yaml",
    ".say.yaml.swp",
    ".words.py.swp",
    ".#words.py",
    "say.yaml~",
    "words.py~",
    "words.py.tmp",
    "4913",
    "not-a-module.py",
    "__pycache__/words.cpython-311.pyc",
    "noise/__pycache__/model.py",
    ".git/index.py",
    "noise/say.yaml",
    "noise-maps/model.py",
    "data/square",
    "data/out.csv",
    "square.geojson",
    "README.md",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "say.yaml").write_text(EXAMPLES)
    return tmp_path


@pytest.mark.parametrize("name", READ)
def test_a_file_that_is_read_counts_even_when_it_is_gone(folder: Path, name: str) -> None:
    assert is_read(folder / name, folder)


@pytest.mark.parametrize("name", PASSED_OVER)
def test_a_file_that_nobody_reads_is_passed_over(folder: Path, name: str) -> None:
    assert not is_read(folder / name, folder)


def test_a_package_that_was_moved_counts_as_a_whole(folder: Path) -> None:
    (folder / "noise").mkdir()
    assert not is_read(folder / "noise", folder)
    (folder / "noise" / "model.py").touch()
    assert is_read(folder / "noise", folder)
