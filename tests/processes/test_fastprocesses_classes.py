"""Classes written for the library fastprocesses: where its names come from, and what is said of wrong ones."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serving import ROOT

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.processes.description import Process
from fastprocesses_server.processes.fastprocesses.names import OFFERED
from fastprocesses_server.processes.inspector import inspect_callables
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.processes.reports import Failure, FailureKind, Found, Wanted

Put = Callable[[str, str], Path]
Complaints = Callable[..., str]

MODULE = """
from fastprocesses.core.base_process import BaseProcess
from fastprocesses.core.models import ProcessDescription, ProcessInput, ProcessOutput, Schema
from fastprocesses.processes.process_registry import register_process


@register_process("shouting")
class Shout(BaseProcess):
    process_description = ProcessDescription(
        id="shout", title="Shout", version="1.2.0", description="-",
        inputs={"text": ProcessInput(title="Text", description="-", INPUT)},
        outputs={"text": ProcessOutput(title="Text", description="-", scheme=Schema(type="string"))},
        MEMBERS
    )

    def execute(self, exec_body, job_progress_callback):
        return {"text": exec_body["inputs"]["text"].upper()}
"""


def module(given: str = 'schema=Schema(type="string")', members: str = "") -> str:
    return MODULE.replace("INPUT", given).replace("MEMBERS", members)


def published(folder: Path) -> Process:
    return next(iter(load_registry(folder).values()))


def python(code: str, folder: Path, **environment: str) -> Any:
    """What a process of its own prints, as JSON."""
    paths = {"PYTHONPATH": f"{ROOT}:{environment.pop('PYTHONPATH', '')}"}
    done = subprocess.run(
        [sys.executable, "-B", "-P", "-c", code, str(folder)],
        capture_output=True,
        text=True,
        env={**paths, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_process_that_loads_the_registry_sees_no_stand_in(put: Put, folder: Path) -> None:
    put("voice.py", module())
    put("shout.yaml", "callable: voice.Shout")
    seen = python(
        """
import json, pathlib, sys
from importlib.util import find_spec
from fastprocesses_server.api.app import create_app
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.settings import Settings
registry = load_registry(pathlib.Path(sys.argv[1]))
create_app(Settings(), registry)
names = [name for name in sys.modules if name.split(".")[0] == "fastprocesses" or "stand_ins" in name]
finders = [repr(finder) for finder in sys.meta_path if "StandIns" in repr(finder)]
print(json.dumps([list(registry), names, finders, find_spec("fastprocesses") is None]))
""",
        folder,
    )
    assert seen == [["shout"], [], [], True]


LOADED = """
import json, pathlib, sys
from fastprocesses_server.processes.callables import load_callable
load_callable(CALLABLE, pathlib.Path(sys.argv[1]))
print(json.dumps(sorted(name for name in sys.modules if name.split(".")[0] == "fastprocesses" or "stand_ins" in name)))
"""


def test_who_does_not_import_the_library_loads_nothing_of_it(put: Put, folder: Path) -> None:
    put("plain.py", "def run() -> int: ...\n")
    assert python(LOADED.replace("CALLABLE", "'plain.run'"), folder) == []


def test_only_what_is_imported_is_loaded(put: Put, folder: Path) -> None:
    put("plain.py", "from fastprocesses.core.logging import logger\ndef run() -> int: ...\n")
    assert python(LOADED.replace("CALLABLE", "'plain.run'"), folder) == [
        "fastprocesses",
        "fastprocesses.core",
        "fastprocesses.core.logging",
        "fastprocesses_server.processes.fastprocesses.stand_ins",
    ]


@pytest.mark.parametrize("name", [name for name, names in OFFERED.items() if names])
def test_every_name_that_is_offered_is_there(put: Put, folder: Path, name: str) -> None:
    put("plain.py", f"from {name} import {', '.join(OFFERED[name])}\ndef run() -> int: ...\n")
    assert isinstance(inspect_callables(folder, [Wanted("plain.run")])[0], Found)


@pytest.mark.parametrize("place", ["folder", "installed"])
def test_a_module_of_that_name_wins(put: Put, folder: Path, tmp_path: Path, place: str) -> None:
    """An author's own in the processes folder, or the library itself; what either lacks is not filled in."""
    put("plain.py", "from fastprocesses import MINE\nVALUE = MINE\ndef run() -> int: ...\n")
    put("lacking.py", "import fastprocesses.core.models\ndef run() -> int: ...\n")
    package = (folder if place == "folder" else tmp_path / "site") / "fastprocesses"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("MINE = 'mine'\n")
    path = "" if place == "folder" else str(package.parent)
    code = "print(json.dumps(load_callable(NAME, pathlib.Path(sys.argv[1])).__globals__['VALUE']))"
    imports = "import json, pathlib, sys\nfrom fastprocesses_server.processes.callables import load_callable\n"
    assert python(imports + code.replace("NAME", "'plain.run'"), folder, PYTHONPATH=path) == "mine"
    refused = """
try:
    load_callable("lacking.run", pathlib.Path(sys.argv[1]))
except ModuleNotFoundError as error:
    print(json.dumps(str(error)))
"""
    assert python(imports + refused, folder, PYTHONPATH=path) == "No module named 'fastprocesses.core'"


def test_what_has_no_stand_in_says_what_there_is(put: Put, folder: Path) -> None:
    put("plain.py", "from fastprocesses.common import celery_app\ndef run() -> int: ...\n")
    (failure,) = inspect_callables(folder, [Wanted("plain.run")])
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.RAISED
    assert failure.what.startswith(
        "ModuleNotFoundError: fastprocesses is not installed, and fastprocesses.common has no stand-in; there are "
    )
    assert "fastprocesses.core.base_process" in failure.what


def test_a_missing_name_in_the_class_body_is_the_authors_traceback(put: Put, complaints: Complaints) -> None:
    put("voice.py", module().replace("def execute(self, exec_body", "def execute(self, exec_body: Dict[str, Any]"))
    put("shout.yaml", "callable: voice.Shout")
    said = complaints()
    assert "the import of voice fails: NameError: name 'Dict' is not defined" in said
    assert "fastprocesses_server" not in said


def test_the_name_of_the_file_is_the_id_and_a_warning_tells_of_another(put: Put, folder: Path) -> None:
    put("voice.py", module())
    put("shout.yaml", "callable: voice.Shout")
    registry = load_registry(folder)
    assert list(registry) == ["shout"]
    (warning,) = registry.warnings
    assert warning == (
        'processes.d/shout.yaml: voice:Shout calls itself "shouting" and is published as "shout"; '
        "`id: shouting` in the file would keep its URL"
    )
    put("shout.yaml", "callable: voice.Shout\nid: shouting")
    assert load_registry(folder).warnings == ()


def test_the_file_wins_over_the_class_and_may_add_outputs(put: Put, folder: Path) -> None:
    put("voice.py", module(members='metadata={"provider": "City"}, keywords=["a"],'))
    put(
        "shout.yaml",
        "callable: voice.Shout\nid: shouting\nversion: 3.0.0\ntitle: Loud\nkeywords: [b]\n"
        "jobControlOptions: [async-execute]\n"
        "inputs: {text: {title: What, schema: {maxLength: 5}}}\noutputs: {lower: {schema: {type: string}}}\n",
    )
    process = published(folder)
    assert (process.version, process.title, process.description, process.keywords) == ("3.0.0", "Loud", "-", ["b"])
    assert process.job_control_options == ["async-execute"]
    assert process.metadata is not None
    assert process.metadata[0].title == "City"
    assert process.inputs["text"].title == "What"
    assert process.inputs["text"].schema_ == {"type": "string", "maxLength": 5}
    assert set(process.outputs) == {"text", "lower"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            'schema=Schema(type="array", items=Schema(ref="#/$defs/a"), **{"$defs": {"a": {"type": "string"}}})',
            {"type": "array", "items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "string"}}},
        ),
        ('scheme={"not": {"type": "string"}}', {"not": {"type": "string"}}),
        (
            'schema=Schema(oneOf=[Schema(type="string"), {"type": "number"}])',
            {"oneOf": [{"type": "string"}, {"type": "number"}]},
        ),
        ('schema=Schema(type="object", default={"a": None})', {"type": "object", "default": {"a": None}}),
        ('schema=Schema(type="integer", minimum=1)', {"type": "integer", "minimum": 1}),
    ],
)
def test_schemas_are_published_as_they_are_written(put: Put, folder: Path, given: str, expected: Any) -> None:
    expected = (
        expected
        or {
            "array": {"type": "array", "items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "string"}}},
            "oneOf": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        }["array" if "array" in given else "oneOf"]
    )
    put("voice.py", module(given))
    put("shout.yaml", "callable: voice.Shout\nid: shouting")
    assert published(folder).inputs["text"].schema_ == expected


@pytest.mark.parametrize(
    ("schema", "occurs", "most"),
    [("string", "3", 3), ("string", '"unbounded"', "unbounded"), ("string", "None", 1), ("array", "3", 1)],
)
def test_several_values_are_taken_of_what_is_no_array(
    put: Put, folder: Path, schema: str, occurs: str, most: object
) -> None:
    put("voice.py", module(f'schema=Schema(type="{schema}"), maxOccurs={occurs}, minOccurs=0'))
    put("shout.yaml", "callable: voice.Shout\nid: shouting")
    assert published(folder).inputs["text"].max_occurs == most
    assert published(folder).inputs["text"].min_occurs == 0


AT = "process_description of voice:Shout (voice.py:7): "


@pytest.mark.parametrize(
    ("given", "members", "said"),
    [
        ('schema=Schema(type="strng")', "", 'input "text": schema.type: '),
        ('schema=Schema(type="string", minLenght=1)', "", 'input "text": schema.minLenght: '),
        ('schema=Schema(type="string", ref="https://x.example/a.json")', "", 'input "text": schema.$ref: '),
        ('schema=Schema(type="string"), minOccurs=-1', "", 'input "text": minOccurs: Input should be greater'),
        ('schema=Schema(type="string")', 'jobControlOptions=["dismiss"],', "jobControlOptions: must name sync-execute"),
        ('schema=Schema(type="string")', 'jobControlOptions=["async"],', "jobControlOptions.0: Input should be"),
        ('schema=Schema(type="string")', "outputTransmission=[],", "outputTransmission: List should have at least 1"),
    ],
)
def test_what_a_class_says_is_checked(put: Put, complaints: Complaints, given: str, members: str, said: str) -> None:
    put("voice.py", module(given, members))
    put("shout.yaml", "callable: voice.Shout\nid: shouting")
    text = complaints()
    assert text.startswith("processes.d/shout.yaml:1:11: ")
    assert AT + said in text


def test_a_description_that_is_none_is_told_as_such(put: Put, complaints: Complaints) -> None:
    put(
        "odd.py",
        "class Odd:\n    process_description = [5]\n    def execute(self, exec_body, job_progress_callback): ...\n",
    )
    put("odd.yaml", "callable: odd.Odd\nversion: 1\n")
    text = (
        "what odd.Odd says of itself cannot be read: TypeError: process_description is a list, not a ProcessDescription"
    )
    assert text in complaints()


def test_a_schema_of_the_file_that_contradicts_the_class_is_an_error(put: Put, complaints: Complaints) -> None:
    put("voice.py", module())
    put("shout.yaml", "callable: voice.Shout\nid: shouting\ninputs: {text: {schema: {type: number}}}")
    said = complaints()
    assert "the callable's process_description for string (voice.py:7)" in said


def test_an_object_whose_execute_takes_inputs_by_name_stays_one(put: Put, folder: Path) -> None:
    put("voice.py", "class Shout:\n    def execute(self, exec_body: str) -> str:\n        return exec_body\n")
    put("shout.yaml", "callable: voice.Shout\nversion: 1.0.0")
    process = published(folder)
    assert list(process.inputs) == ["exec_body"]
    assert process.request_parameter is None


def test_a_choice_of_outputs_makes_another_execution_only_for_those_who_see_it(put: Put, folder: Path) -> None:
    put("voice.py", module() + "\ndef shout(text: str) -> str: ...\n")
    put("shouting.yaml", "callable: voice.Shout\noutputs: {lower: {schema: {type: string}}}")
    put("plain.yaml", "callable: voice.shout\nversion: 1.0.0\noutputs: {lower: {}}")
    registry = load_registry(folder)
    for process_id, is_told in (("shouting", True), ("plain", False)):
        reader = RequestReader(registry[process_id])
        every = reader.read({"inputs": {"text": "a"}})
        one = reader.read({"inputs": {"text": "a"}, "outputs": {"lower": {}}, "response": "document"})
        assert (every.key != one.key) is is_told
