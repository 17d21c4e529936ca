import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fastprocesses_server.processes.description import JobControlOption
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.processes.yaml_reader import read_yaml

Put = Callable[..., Path]

TOOLS = """
__version__ = "3.2.1"
class Context: ...
def buffer(geometry: dict, distance: float, context) -> dict: ...
def plain(): ...
def annotated(*, progress: "tools.Context", **inputs): ...
def shadowed(context, watch: Context): ...
"""

FULL = """
callable: tools.buffer
id: buffer
version: 2.10
title: Buffer
description: Grows a geometry by a distance in metres.
keywords: [vector, geometry]
metadata: [{role: license, href: https://spdx.org/licenses/MIT}]
links: [{rel: about, href: https://example.org/buffer, type: text/html}]
jobControlOptions: [sync-execute, async-execute, dismiss]
outputTransmission: [value, reference]
inputs:
  geometry: {schema: {format: geojson-geometry}}
  distance: {title: Distance, schema: {type: number, maximum: 50000}}
outputs:
  result: {schema: {type: object, contentMediaType: application/geo+json}}
examples:
  square: {inputs: {geometry: {$file: square.json}, distance: 10}, outputs: {result: {type: Polygon}}}
run:
  timeLimit: {soft: 10min, hard: 15min}
  memoryLimit: 2GiB
  attempts: 3
  retryOn: [ConnectionError]
  retryDelay: 10s
  queue: heavy
  concurrency: 2
results:
  cache: 24h
  keep: 7d
  maxSize: 500MiB
"""


def test_a_file_may_say_everything(folder: Path, put: Put) -> None:
    put("tools.py", TOOLS)
    put("square.json", '{"type": "Point", "coordinates": [1, 2]}')
    put("any_name.yaml", FULL)
    (folder / "square.json").rename(folder / "_square.json")
    put("any_name.yaml", FULL.replace("square.json", "_square.json"))
    registry = load_registry(folder)
    process = registry["buffer"]
    assert process.version == "2.10"
    assert process.callable == "tools:buffer"
    assert process.context_parameter == "context"
    assert process.examples["square"].inputs["geometry"] == {"type": "Point", "coordinates": [1, 2]}
    assert (process.run.time_limit.soft, process.run.time_limit.hard) == (600, 900)
    assert (process.run.memory_limit, process.results.max_size) == (2 * 1024**3, 500 * 1024**2)
    assert (process.results.cache, process.results.keep) == (24 * 3600, 7 * 24 * 3600)
    assert process.source == "processes.d/any_name.yaml"
    assert process.run.retry_on == ["ConnectionError"]
    assert (process.run.retry_delay, process.run.concurrency) == (10, 2)
    assert registry.warnings == ()


def test_who_may_run_a_process_is_no_part_of_what_it_is(folder: Path, put: Put) -> None:
    put("tools.py", TOOLS)
    put("simple.yaml", "callable: tools:plain\noutputs: {}\n")
    fingerprint = load_registry(folder)["simple"].fingerprint
    put("simple.yaml", "callable: tools:plain\noutputs: {}\naccess: {roles: [analyst]}\n")
    process = load_registry(folder)["simple"]
    assert process.access
    assert (process.access.roles, process.fingerprint) == (["analyst"], fingerprint)


def test_the_smallest_file_takes_names_from_its_surroundings(folder: Path, put: Put) -> None:
    put("tools.py", TOOLS)
    put("simple.yaml", "callable: tools:plain\noutputs: {}\n")
    registry = load_registry(folder)
    process = registry["simple"]
    assert (process.version, process.inputs, process.context_parameter) == ("3.2.1", {}, None)
    assert process.job_control_options == list(JobControlOption)
    assert registry.warnings == ()


def test_a_process_without_any_version_is_a_warning(folder: Path, put: Put) -> None:
    put("unversioned.py", "def run(): ...")
    put("a.yaml", "callable: unversioned.run\noutputs: {}\n")
    registry = load_registry(folder)
    assert registry["a"].version == "0.0.0"
    assert registry.warnings == ("processes.d/a.yaml: neither the file nor unversioned says a version; it is 0.0.0",)


def test_the_context_is_found_by_name_or_annotation(folder: Path, put: Put) -> None:
    put("tools.py", TOOLS)
    put("a.yaml", "callable: tools.annotated\ninputs: {x: {schema: {}}}\noutputs: {}\n")
    put("b.yaml", "callable: tools.shadowed\ninputs: {watch: {schema: {}}}\noutputs: {}\n")
    registry = load_registry(folder)
    assert registry["a"].context_parameter == "progress"
    assert registry["b"].context_parameter == "context"


def test_the_mapping_form_of_metadata_becomes_a_list(folder: Path, put: Put) -> None:
    put("tools.py", TOOLS)
    put("a.yaml", "callable: tools.plain\noutputs: {}\nmetadata: {provider: City}\n")
    (entry,) = load_registry(folder)["a"].metadata or []
    assert (entry.role, entry.title) == ("provider", "City")


def standard(name: str) -> Path:
    path = Path(__file__).parents[2].parent / "shared" / "ogc" / name
    if not path.exists():
        pytest.skip("the standard's documents are not beside the checkout")
    return path


@pytest.mark.parametrize("name", ["examples/v1.0/json/ProcessDescription.json", "echo.json"])
def test_the_standards_own_example_and_a_callable_are_a_valid_file(name: str, folder: Path, put: Put) -> None:
    put("echoing.py", "def echo(**inputs): return inputs")
    document = {**json.loads(standard(name).read_text()), "callable": "echoing.echo"}
    put("echo.json", json.dumps(document))
    process = load_registry(folder)[document["id"]]
    assert process.model_dump(by_alias=True)["inputs"].keys() == document["inputs"].keys()
    assert all(process.inputs[name].schema_ == document["inputs"][name]["schema"] for name in process.inputs)


def test_files_of_examples_are_read_by_what_they_are(folder: Path, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = folder.parent / "packages"
    (packages / "maps" / "sets").mkdir(parents=True)
    (packages / "maps" / "__init__.py").write_text("1 / 0  # never imported")
    (packages / "maps" / "sets" / "a.geojson.gz").write_bytes(gzip.compress(b'{"type": "Point"}'))
    monkeypatch.syspath_prepend(packages)
    put("data/points.csv", "x,y\n1,2\n")
    put("data/image.png", b"\x89PNG\xff")
    put("anything.py", "def run(**inputs): ...")
    names = ["a", "b", "c", "d"]
    put(
        "a.yaml",
        "callable: anything.run\noutputs: {}\ninputs:\n"
        + "".join(f"  {name}: {{schema: {{}}}}\n" for name in names)
        + "examples:\n  e:\n    inputs:\n"
        "      a: {$resource: 'maps:sets/a.geojson.gz'}\n"
        "      b: {$file: data/points.csv}\n"
        "      c: [{$file: data/image.png}]\n"
        "      d: {$file: not a mark, because: of this}\n",
    )
    inputs = load_registry(folder)["a"].examples["e"].inputs
    assert inputs["a"] == {"type": "Point"}
    assert inputs["b"] == "x,y\n1,2\n"
    assert inputs["c"] == [base64.b64encode(b"\x89PNG\xff").decode()]
    assert inputs["d"] == {"$file": "not a mark", "because": "of this"}


def test_yaml_is_read_by_the_rules_of_version_1_2() -> None:
    text = """
a: [no, off, yes, 014, 1:30, 2026-11-22, 0x1F, 0o17, 1e3, .5, 3., ~, null, true, "14", 1_000, =]
b: {014: x, no: y, 2026-11-22: z}
"""
    assert read_yaml(text).data == {
        "a": [
            "no",
            "off",
            "yes",
            14,
            "1:30",
            "2026-11-22",
            31,
            15,
            1000.0,
            0.5,
            3.0,
            None,
            None,
            True,
            "14",
            "1_000",
            "=",
        ],
        "b": {"014": "x", "no": "y", "2026-11-22": "z"},
    }


def test_anchors_and_merge_keys_are_fine_and_own_members_win() -> None:
    text = "a: &a {x: 1, y: 1}\nb: {<<: *a, y: 2}\nc: {<<: [{y: 3}, *a]}\nd: *a\n'<<': text\n"
    reading = read_yaml(text)
    assert reading.data == {
        "a": {"x": 1, "y": 1},
        "b": {"y": 2, "x": 1},
        "c": {"y": 3, "x": 1},
        "d": {"x": 1, "y": 1},
        "<<": "text",
    }
    assert reading.values["b", "x"] == reading.values["a", "x"] == (1, 11)
    assert reading.keys["b", "y"] == (2, 13)


def test_the_version_keeps_its_text_in_json_too(folder: Path, put: Put) -> None:
    put("tools.py", TOOLS)
    put("a.json", '{"callable": "tools.plain", "outputs": {}, "version": 1.10}')
    assert load_registry(folder)["a"].version == "1.10"


def test_off_is_a_word_in_yaml_and_false_in_json(folder: Path, put: Put) -> None:
    put("tools.py", TOOLS)
    put("a.yaml", "callable: tools.plain\noutputs: {}\nresults: {cache: off}\n")
    put("b.json", '{"callable": "tools.plain", "outputs": {}, "results": {"cache": false}}')
    assert [process.results.cache for process in load_registry(folder).values()] == [False, False]


def test_the_address_of_the_schema_for_editors_is_not_read(folder: Path, put: Put) -> None:
    put("tools.py", TOOLS)
    fingerprints = set()
    for name, text in (
        ("plain.json", '{"callable": "tools.plain", "outputs": {}}'),
        ("plain.json", '{"$schema": "./.no-such-file.json", "callable": "tools.plain", "outputs": {}}'),
        ("plain.yaml", "$schema: http://localhost:1/schema.json\ncallable: tools.plain\noutputs: {}\n"),
    ):
        path = put(name, text)
        fingerprints.add(load_registry(folder)["plain"].fingerprint)
        path.unlink()
    assert len(fingerprints) == 1
