"""Whole registries that are remembered: what a start need not read again, and what makes it read."""

import gzip
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fastprocesses_server.processes import assembly
from fastprocesses_server.processes.complaints import DescriptionErrors
from fastprocesses_server.processes.registry import Registry, load_registry

Put = Callable[..., Path]
Load = Callable[..., Registry]
EARLIER = 5


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders that were read."""
    seen: list[Path] = []

    def note(folder: Path) -> object:
        seen.append(folder)
        return original(folder)

    original = assembly.read_folder
    monkeypatch.setattr(assembly, "read_folder", note)
    return seen


@pytest.fixture
def load(folder: Path, tmp_path: Path) -> Load:
    def load(of: Path = folder, **options: object) -> Registry:
        for path in of.rglob("*"):
            moment = time.time() - EARLIER
            os.utime(path, (moment, moment))
        return load_registry(of, cache=tmp_path / "cache", **options)  # type: ignore[arg-type]

    return load


@pytest.fixture
def published(put: Put) -> None:
    put("tools.py", "def run(a: int) -> str: ...\n")
    put("a.yaml", "callable: tools.run\nversion: 1.2.0\nresults: {cache: off}\nrun: {timeLimit: {soft: 10min}}\n")
    put("b.json", '{"id": "a", "callable": "tools.run", "version": "1.1", "metadata": {"provider": "City"}}')
    put("c.yaml", "callable: tools.run\n")


def test_nothing_is_read_where_nothing_has_changed(published: None, load: Load, read: list[Path]) -> None:
    first = load()
    again = load()
    assert len(read) == 1
    assert (again.processes, again.older, again.warnings) == (first.processes, first.older, first.warnings)
    assert (again.fingerprint, again.ids, again.size) == (first.fingerprint, first.ids, first.size)
    assert again.warnings


def test_a_remembered_registry_needs_few_libraries(published: None, load: Load, tmp_path: Path) -> None:
    load()
    load()
    script = (
        "import pathlib, sys\n"
        "from fastprocesses_server.processes.registry import load_registry\n"
        "load_registry(pathlib.Path('processes.d'), cache=pathlib.Path('cache'))\n"
        "print(*sorted({'jsonschema', 'yaml', 'docstring_parser'} & sys.modules.keys()))\n"
    )

    def libraries() -> str:
        command = [sys.executable, "-P", "-c", script]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    libraries()
    assert libraries() == ""


def change_description(folder: Path) -> None:
    (folder / "a.yaml").write_text("callable: tools.run\nversion: 1.2.1\n")


def add_description(folder: Path) -> None:
    (folder / "d.yaml").write_text("callable: tools.run\nversion: 1.2.1\n")


def remove_description(folder: Path) -> None:
    (folder / "b.json").unlink()


def rename_description(folder: Path) -> None:
    (folder / "c.yaml").rename(folder / "other.yaml")


def change_module(folder: Path) -> None:
    (folder / "tools.py").write_text("def run(b: int) -> str: ...\n")


CHANGES = (change_description, add_description, remove_description, rename_description, change_module)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_seen(published: None, load: Load, folder: Path, change: Callable[[Path], None]) -> None:
    first = load()
    change(folder)
    assert load().fingerprint != first.fingerprint


def test_options_are_told_apart(published: None, load: Load) -> None:
    load()
    assert load(queues=["other"]).ids == ()
    with pytest.raises(DescriptionErrors, match="not allowed"):
        load(allowed_modules=["math"])


def test_a_folder_that_has_become_wrong_is_wrong(published: None, load: Load, put: Put) -> None:
    load()
    put("d.yaml", "callable: tools.nothing\n")
    for _ in range(2):
        with pytest.raises(DescriptionErrors, match="has no"):
            load()


def test_a_missing_package_is_looked_for_each_time(put: Put, load: Load, read: list[Path]) -> None:
    put("tools.py", "import nowhere\n")
    put("a.yaml", "callable: tools.run\nversion: 1\ninputs: {}\noutputs: {}\n")
    for _ in range(2):
        assert "nowhere" in load(missing_packages="warning").warnings[0]
    assert len(read) == 2


@pytest.mark.parametrize("name", ["data.geojson", "data.geojson.gz"])
def test_a_file_of_an_example_is_watched(put: Put, load: Load, read: list[Path], name: str) -> None:
    def content(value: bytes) -> bytes:
        return gzip.compress(value) if name.endswith(".gz") else value

    put("tools.py", "def run(a: int) -> str: ...\n")
    put("a.yaml", f"callable: tools.run\nversion: 1\nexamples: {{e: {{inputs: {{a: {{$file: {name}}}}}}}}}\n")
    put(name, content(b"1"))
    load()
    assert load()["a"].examples["e"].inputs == {"a": 1}
    assert len(read) == 1
    put(name, content(b"22"))
    assert load()["a"].examples["e"].inputs == {"a": 22}


def test_a_copy_elsewhere_names_its_own_files(published: None, load: Load, folder: Path, tmp_path: Path) -> None:
    load()
    shutil.copytree(folder, tmp_path / "copied.d")
    copied = load(of=tmp_path / "copied.d")
    assert copied["a"].source == "copied.d/a.yaml"
    assert "copied.d/c.yaml" in copied.warnings[0]
