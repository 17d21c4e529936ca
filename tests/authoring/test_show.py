"""`show`: what is in effect for a process, and where it comes from."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from serving import ROOT, Client, Server, own_environment

from fastprocesses_server.api.processes import description
from fastprocesses_server.authoring.effective import find_effective, members
from fastprocesses_server.authoring.provenance import origins
from fastprocesses_server.authoring.yaml_writer import write_yaml
from fastprocesses_server.errors import StartError
from fastprocesses_server.links import Urls
from fastprocesses_server.processes.complaints import DescriptionErrors
from fastprocesses_server.processes.quantities import Bytes, Seconds, duration_text, size_text
from fastprocesses_server.processes.registry import Registry, load_registry
from fastprocesses_server.settings import Settings

GOLDEN = Path(__file__).parent / "golden"
SIGNATURES = re.findall(r"^def (\w+)\(", (GOLDEN / "signatures.py").read_text(), re.MULTILINE)
MODULE = '''"""Tools."""

__version__ = "2.0"

from typing import Annotated

from pydantic import Field

Share = Annotated[float, Field(ge=0, description="Of all.")]

def buffer(geometry: dict, distance: float, share: Share = 0.5, other: str = "x") -> float:
    """Grow a geometry.

    By some distance.

    Args:
        geometry: What grows.
        distance: How far.

    Returns:
        Its area.
    """
'''
FILE = """\
callable: tools.buffer
title: Buffer
inputs:
  distance: {title: Distance, schema: {maximum: 50}}
outputs:
  area: {title: Area}
examples:
  one:
    inputs: {distance: {$file: _ten.json}}
run: {timeLimit: {soft: 90s}, memoryLimit: 2GiB, retryOn: [OSError], retryDelay: 1.5s}
results: {cache: 24h, maxSize: 500MB}
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "processes.d"
    folder.mkdir()
    (folder / "tools.py").write_text(MODULE)
    (folder / "buffer.yaml").write_text(FILE)
    (folder / "_ten.json").write_text("10")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command in the working directory, with its output."""

    def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fastprocesses_server", "show", *options]
        return subprocess.run(command, env=own_environment(**environment), capture_output=True, text=True, check=False)

    return run


def test_the_description_is_written_as_an_author_would(folder: Path, run: Run) -> None:
    done = run("buffer")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "callable: tools.buffer\n"
        "id: buffer\n"
        "version: '2.0'\n"
        "title: Buffer\n"
        "description: By some distance.\n"
        "jobControlOptions: [sync-execute, async-execute, dismiss]\n"
        "outputTransmission: [value, reference]\n"
        "inputs:\n"
        "  distance:\n"
        "    title: Distance\n"
        "    description: How far.\n"
        "    schema: {type: number, maximum: 50}\n"
        "    minOccurs: 1\n"
        "    maxOccurs: 1\n"
        "  geometry:\n"
        "    description: What grows.\n"
        "    schema: {type: object, additionalProperties: true}\n"
        "    minOccurs: 1\n"
        "    maxOccurs: 1\n"
        "  share:\n"
        "    description: Of all.\n"
        "    schema: {type: number, minimum: 0, default: 0.5}\n"
        "    minOccurs: 0\n"
        "    maxOccurs: 1\n"
        "  other:\n"
        "    schema: {type: string, default: x}\n"
        "    minOccurs: 0\n"
        "    maxOccurs: 1\n"
        "outputs:\n"
        "  area:\n"
        "    title: Area\n"
        "    description: Its area.\n"
        "    schema: {type: number}\n"
        "examples:\n"
        "  one:\n"
        "    inputs:\n"
        "      distance: {$file: _ten.json}\n"
        "run:\n"
        "  timeLimit: {soft: 90s, hard: 15min}\n"
        "  memoryLimit: 2GiB\n"
        "  attempts: 3\n"
        "  retryOn: [OSError]\n"
        "  retryDelay: 1500ms\n"
        "  queue: default\n"
        "results: {cache: 1d, keep: 30d, maxSize: 500MB}\n"
    )


def test_origins_are_places_settings_and_defaults(folder: Path) -> None:
    settings = Settings(time_limit_hard=1200)
    found = {row.member: (row.value, row.where) for row in origins(find_effective(folder, "buffer"), settings)}
    file, signature, docstring = "processes.d/buffer.yaml", "signature, tools.py:11", "docstring, tools.py:11"
    assert found == {
        "callable": ("tools.buffer", f"{file}:1:1"),
        "id": ("buffer", f"the name of {file}"),
        "version": ("2.0", "__version__ of tools"),
        "title": ("Buffer", f"{file}:2:1"),
        "description": ("By some distance.", docstring),
        "jobControlOptions": ('["sync-execute", "async-execute", "dism…', "built-in default"),
        "outputTransmission": ('["value", "reference"]', "built-in default"),
        "inputs.distance.title": ("Distance", f"{file}:4:14"),
        "inputs.distance.description": ("How far.", docstring),
        "inputs.distance.schema.type": ("number", signature),
        "inputs.distance.schema.maximum": ("50", f"{file}:4:40"),
        "inputs.distance.minOccurs": ("1", "built-in default"),
        "inputs.distance.maxOccurs": ("1", "built-in default"),
        "inputs.geometry.description": ("What grows.", docstring),
        "inputs.geometry.schema.type": ("object", signature),
        "inputs.geometry.schema.additionalProperties": ("true", signature),
        "inputs.geometry.minOccurs": ("1", "built-in default"),
        "inputs.geometry.maxOccurs": ("1", "built-in default"),
        "inputs.share.description": ("Of all.", signature),
        "inputs.share.schema.type": ("number", signature),
        "inputs.share.schema.minimum": ("0", signature),
        "inputs.share.schema.default": ("0.5", signature),
        "inputs.share.minOccurs": ("0", signature),
        "inputs.share.maxOccurs": ("1", "built-in default"),
        "inputs.other.schema.type": ("string", signature),
        "inputs.other.schema.default": ("x", signature),
        "inputs.other.minOccurs": ("0", signature),
        "inputs.other.maxOccurs": ("1", "built-in default"),
        "outputs.area.title": ("Area", f"{file}:6:10"),
        "outputs.area.description": ("Its area.", docstring),
        "outputs.area.schema.type": ("number", signature),
        "examples.one": ('{"inputs": {"distance": {"$file": "_ten…', f"{file}:8:3"),
        "run.timeLimit.soft": ("90s", f"{file}:10:19"),
        "run.timeLimit.hard": ("20min", "FP_TIME_LIMIT_HARD"),
        "run.memoryLimit": ("2GiB", f"{file}:10:31"),
        "run.attempts": ("3", "built-in default"),
        "run.retryOn": ('["OSError"]', f"{file}:10:50"),
        "run.retryDelay": ("1500ms", f"{file}:10:70"),
        "run.queue": ("default", "built-in default"),
        "results.cache": ("1d", f"{file}:11:11"),
        "results.keep": ("30d", "default of FP_RESULTS_TTL_DAYS"),
        "results.maxSize": ("500MB", f"{file}:11:23"),
    }


def test_the_command_aligns_the_origins(folder: Path, run: Run) -> None:
    lines = run("buffer", "--origin").stdout.splitlines()
    assert len({line.rindex("  ") for line in lines}) == 1
    assert lines[0].split() == ["callable", "tools.buffer", "processes.d/buffer.yaml:1:1"]


def test_what_is_shown_publishes_the_same(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in (ROOT / "processes.d", ROOT / "tests" / "published"):
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    settings, urls, before = Settings(), Urls("http://localhost"), load_registry(folder)
    names = ["buffer", "echo", "service-coverage", "typed-tell"]
    shown = {name: members(find_effective(folder, name), settings) for name in names}
    files = {name: Path(before[name].source) for name in names}
    for name in names:
        files[name].unlink()
        files[name].with_suffix(".yaml").write_text(write_yaml(shown[name]))
    after = load_registry(folder)
    for name in names:
        assert description(after[name], urls) == description(before[name], urls)
        assert after[name].examples == before[name].examples
    assert members(find_effective(folder, "buffer"), settings) == shown["buffer"]


@pytest.fixture(scope="module")
def golden_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden") / "processes.d"
    folder.mkdir()
    shutil.copy(GOLDEN / "signatures.py", folder)
    for name in SIGNATURES:
        (folder / f"{name}.yaml").write_text(f"callable: signatures.{name}\n")
    return folder


@pytest.fixture(scope="module")
def golden_registry(golden_folder: Path) -> Registry:
    return load_registry(golden_folder)


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_process_description_is_as_it_was(name: str, golden_registry: Registry) -> None:
    """GOLDEN=1 writes the files again, for the eyes of whoever changes them."""
    document = description(golden_registry[name], Urls("http://localhost:8000"))
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    path = GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_the_command_prints_the_process_description(golden_folder: Path, run: Run) -> None:
    done = run("data", "--ogc", "--processes", str(golden_folder))
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    document["links"] = [link for link in document["links"] if link["rel"] != "alternate"]
    assert document == json.loads((GOLDEN / "data.json").read_text())


def test_every_kind_of_signature_has_its_golden_file() -> None:
    assert len(SIGNATURES) == 12
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(SIGNATURES)


def test_documents_are_shown_as_they_are_published(server: Server, client: Client, published: Path, run: Run) -> None:
    options = ("typed-tell", "--processes", str(published))
    shown = run(*options, "--ogc", FP_PUBLIC_URL=server.url)
    assert json.loads(shown.stdout) == client.get("/processes/typed-tell").json()
    path = "/processes/typed-tell/execution"
    assert json.loads(run(*options, "--openapi").stdout) == {path: client.get("/api").json()["paths"][path]}
    assert "neither the file nor typed says a version" in shown.stderr


def test_a_process_that_is_not_there_is_said_with_a_suggestion(folder: Path) -> None:
    with pytest.raises(StartError, match=r"^processes.d: there is no process bufer; did you mean \"?buffer\"?\?$"):
        find_effective(folder, "bufer")


def test_what_is_wrong_with_its_file_is_said_and_nothing_else(folder: Path, run: Run) -> None:
    (folder / "other.yaml").write_text("callable: tools.nothing\n")
    (folder / "broken.yaml").write_text("callable: a: b\n")
    assert find_effective(folder, "buffer").process.id == "buffer"
    with pytest.raises(DescriptionErrors, match=r'^processes.d/other.yaml:1:11: tools has no "nothing"\n'):
        find_effective(folder, "other")
    done = run("broken")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("processes.d/broken.yaml:1:12: mapping values are not allowed in this context\n")


def test_one_view_is_shown_at_a_time(folder: Path, run: Run) -> None:
    done = run("buffer", "--ogc", "--origin")
    assert (done.returncode, done.stdout) == (2, "")
    assert "exclude each other" in done.stderr


@given(st.floats(min_value=0.001, max_value=1e9).map(lambda seconds: round(seconds, 6)))
def test_a_duration_is_read_as_it_is_written(seconds: float) -> None:
    assert TypeAdapter(Seconds).validate_python(duration_text(seconds)) == pytest.approx(seconds, rel=1e-9)


@given(st.integers(min_value=1, max_value=2**60))
def test_a_size_is_read_as_it_is_written(size: int) -> None:
    assert TypeAdapter(Bytes).validate_python(size_text(size)) == pytest.approx(size, rel=1e-15)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "500ms"), (90, "90s"), (600, "10min"), (86_400, "1d"), (1.0005, "1.0005s")]
)
def test_durations_have_the_largest_unit(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
