"""`new`: the description file of a callable, which its author only has to look over."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typed_module import CLASSES, HEAD

from fastprocesses_server.authoring.effective import find_effective
from fastprocesses_server.authoring.new import SCHEMA_FILE, new_file
from fastprocesses_server.authoring.provenance import origins
from fastprocesses_server.authoring.sketch import Sketch, sketch
from fastprocesses_server.authoring.suggestions import sample, suggested_schema
from fastprocesses_server.authoring.yaml_writer import write_yaml
from fastprocesses_server.errors import StartError
from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.processes.complaints import DescriptionErrors, FileComplaint
from fastprocesses_server.processes.description import Process
from fastprocesses_server.processes.inspector import inspect_callables
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.processes.reports import Found, Wanted
from fastprocesses_server.processes.schemas import compile_schema
from fastprocesses_server.processes.yaml_reader import read_yaml
from fastprocesses_server.settings import Settings

URL = "http://localhost:8000/schemas/description-file.json"
OWN = """
__version__ = "3.1"

class Named(NamedTuple):
    yes: bool
    no: float
"""
CLEAR = {
    "nothing": "() -> None",
    "numbers": "(a: int, b: float = 0.5) -> float",
    "texts": "(a: str = 'no', b: str = '014', c: str = '1e5', d: str = 'a: b # c', e: str = '') -> str",
    "literal": "(a: Literal['x', 'y'] = 'x') -> Literal['x', 'y']",
    "enumeration": "(a: Colour, b: Colour = Colour.RED) -> Colour",
    "limits": "(a: Annotated[float, Field(ge=0, lt=10, title='A', description='Of: all')]) -> int",
    "model": "(a: Model, b: list[Model] = []) -> Model",
    "data": "(a: Data) -> Data",
    "named": "() -> Named",
    "dates": "(a: datetime.date, b: datetime.datetime, c: datetime.time) -> datetime.date",
    "identifier": "(a: uuid.UUID) -> uuid.UUID",
    "binary": "(a: bytes, b: pathlib.Path, c: list[bytes] = []) -> bytes",
    "places": "(a: BBox, b: Geometry, c: FeatureCollection) -> FeatureCollection",
    "optional": "(a: int | None = None, b: Optional[float] = 1.5) -> int | None",
    "position": "(a: int, /, b: int = 2, *, c: int = 3) -> int",
    "context": "(a: int, context: Context) -> int",
    "collections": "(a: list[int], b: dict[str, float], c: tuple[int, float]) -> list[dict[str, int]]",
}


def module() -> str:
    text = (
        '    """Do: it.\n\n    With *care*, no: "more".\n\n    Args:\n        a: What\n            goes in.\n    """\n'
    )
    functions = [f"def {name}{signature}:\n{text}\n" for name, signature in CLEAR.items()]
    return HEAD + CLASSES + OWN + "".join(functions)


@pytest.fixture(scope="module")
def sketches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sketch]:
    """Of the functions that say everything of themselves, inspected by one child."""
    folder = tmp_path_factory.mktemp("sketches")
    (folder / "clear.py").write_text(module())
    found = inspect_callables(folder, [Wanted(f"clear.{name}") for name in CLEAR])
    reports = zip(CLEAR, found, strict=True)
    return {name: sketch(f"clear.{name}", report, name, URL) for name, report in reports if isinstance(report, Found)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the module of those functions."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "processes.d"
    folder.mkdir()
    (folder / "clear.py").write_text(module())
    return folder


def uncommented(text: str) -> str:
    """What the file says, once the author has taken every comment away."""
    members = text[text.index("\ncallable:") :]
    return re.sub(r"^( *)# ?(?!left out|WRITE|LOOK)", r"\1", members, flags=re.MULTILINE)


def published(process: Process) -> dict[str, Any]:
    return process.model_dump(mode="json", exclude={"fingerprint", "source", "examples", "run", "results"})


def test_what_says_everything_needs_nothing_written(sketches: dict[str, Sketch], folder: Path) -> None:
    for name, made in sketches.items():
        (folder / f"{name}.yaml").write_text(made.text)
        assert (made.marks, made.state) == (0, "complete")
    registry = load_registry(folder)
    assert set(registry) == set(CLEAR)
    assert registry.warnings == ()


def test_what_stands_in_comments_is_what_is_published(sketches: dict[str, Sketch], folder: Path) -> None:
    for name in CLEAR:
        (folder / f"{name}.yaml").write_text(f"callable: clear.{name}\n")
    inferred = load_registry(folder)
    for name, made in sketches.items():
        (folder / f"{name}.yaml").write_text(uncommented(made.text))
    written = load_registry(folder)
    for name in CLEAR:
        assert published(written[name]) == published(inferred[name])


def test_examples_are_execute_requests_that_are_accepted(sketches: dict[str, Sketch], folder: Path) -> None:
    for name, made in sketches.items():
        (folder / f"{name}.yaml").write_text(uncommented(made.text))
    examples = [
        (process, example) for process in load_registry(folder).values() for example in process.examples.values()
    ]
    assert len(examples) > len(CLEAR) / 2
    for process, example in examples:
        RequestReader(process).read({"inputs": example.inputs})


def test_what_is_left_open_is_what_check_complains_about(folder: Path) -> None:
    (folder / "open.py").write_text(
        "def some(a: int, b, c: float = 1.0, d=5, e=None, f: 'Nowhere' = 2):\n"
        '    """Some.\n\n    Args:\n        b: The second.\n    """\n'
    )
    (folder / "some.yaml").write_text((made := new_file("open.some", folder, URL)).text)
    lines = made.text.splitlines()
    marked = [number for number, line in enumerate(lines, 1) if "# WRITE" in line]
    with pytest.raises(DescriptionErrors) as caught:
        load_registry(folder)
    assert [complaint.line - 1 for complaint in caught.value.complaints] == marked
    assert {complaint.what for complaint in caught.value.complaints} == {
        '"schema" is missing, for example `schema: {type: string}`'
    }
    assert lines[lines.index("inputs:") : lines.index("# run:")] == [
        "inputs:",
        "  # a:",
        "  #   schema: {type: integer}",
        "  b:",
        "    description: The second.",
        '    # WRITE what "b" takes, for example {type: number}: it has no annotation (open.py:1)',
        "    schema:",
        "  # c:",
        "  #   schema: {type: number, default: 1.0}",
        "  #   minOccurs: 0",
        "  d:",
        "    # LOOK OVER: the default is 5",
        "    schema: {type: integer, default: 5}",
        "  # e:  # left out, as nothing says what it takes",
        "  #   schema: {type: number}",
        "  #   minOccurs: 0",
        "  f:",
        "    # LOOK OVER: the default is 2",
        "    schema: {type: integer, default: 2}",
        "outputs:",
        "  result:",
        "    # WRITE what the callable returns, for example {type: number}: it has no annotation (open.py:1)",
        "    schema:",
    ]
    assert made.state == "4 places to write or to look over"


def test_a_function_of_a_library_needs_only_what_its_docstring_does_not_say(folder: Path) -> None:
    text = new_file("shapely.buffer", folder, URL).text
    assert text.count("# WRITE") == 1
    (folder / "buffer.yaml").write_text(text.replace("    schema:\n", "    schema: {type: object}\n"))
    inputs = load_registry(folder)["buffer"].inputs
    assert {name: given.schema_ for name, given in inputs.items()} == {
        "geometry": {"type": "object", "format": "geojson-geometry"},
        "distance": {"type": "number"},
        "quad_segs": {"type": "integer", "default": 8},
        "cap_style": {"enum": ["round", "square", "flat"], "default": "round"},
        "join_style": {"enum": ["round", "mitre", "bevel"], "default": "round"},
        "mitre_limit": {"type": "number", "default": 5.0},
        "single_sided": {"type": "boolean", "default": False},
    }


@pytest.mark.parametrize("name", ["statistics.quantiles", "math.sqrt", "numpy.add", "shapely.area"])
def test_any_callable_that_can_be_imported_gets_a_file_that_is_read(name: str, folder: Path) -> None:
    (folder / "it.yaml").write_text(text := new_file(name, folder, URL).text)
    complaints: tuple[FileComplaint, ...] = ()
    try:
        load_registry(folder)
    except DescriptionErrors as error:
        complaints = error.complaints
    assert len(complaints) == text.count("# WRITE")


@pytest.mark.parametrize(
    ("documented", "schema"),
    [
        ({"type": "float"}, {"type": "number"}),
        ({"type": "float or array_like"}, {"type": "number"}),
        ({"type": "int, optional"}, {"type": "integer"}),
        ({"type": "`str`", "default": "a"}, {"type": "string", "default": "a"}),
        ({"type": "str | None"}, {"type": "string"}),
        ({"type": "bool, default False", "default": False}, {"type": "boolean", "default": False}),
        ({"type": "array_like"}, {"type": "array"}),
        ({"type": "list of int"}, {"type": "array", "items": {"type": "integer"}}),
        ({"type": "list[float]"}, {"type": "array", "items": {"type": "number"}}),
        ({"type": "sequence of floats"}, {"type": "array", "items": {"type": "number"}}),
        ({"type": "list of Whatever"}, {"type": "array"}),
        ({"type": "shapely.Geometry"}, {"type": "object", "format": "geojson-geometry"}),
        ({"type": "{'a', 'b'}, optional", "default": "c"}, {"enum": ["a", "b"]}),
        ({"type": "{what, ever}"}, None),
        ({"type": "Whatever"}, None),
        ({"type": "Whatever", "default": 2.5}, {"type": "number", "default": 2.5}),
        ({"type": "int", "default": "auto"}, {"type": "integer"}),
        ({"default": True}, {"type": "boolean", "default": True}),
        ({}, None),
    ],
)
def test_docstrings_and_defaults_suggest_schemas(documented: dict[str, Any], schema: dict[str, Any] | None) -> None:
    assert suggested_schema(documented) == schema


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"enum": ["b"]},
        {"type": "integer", "minimum": 1},
        {"type": "object", "format": "geojson-geometry"},
        {"type": "array", "items": {"type": "object", "required": ["a"]}},
        {"type": "array", "items": {"enum": ["a"]}, "minItems": 2},
        {"type": "array", "prefixItems": [{"type": "integer"}, {"enum": ["b"]}], "minItems": 2},
        {
            "$ref": "#/$defs/A",
            "$defs": {"A": {"properties": {"b": {"$ref": "#/$defs/B"}}, "required": ["b"]}, "B": {"enum": [7]}},
        },
    ],
)
def test_a_sample_fits_its_schema(schema: dict[str, Any]) -> None:
    assert compile_schema(schema).is_valid(sample(schema))


def test_there_is_no_sample_of_what_is_rare() -> None:
    assert sample({"type": "string", "pattern": "^[0-9]{5}[A-Z]$"}) is None


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(TEXT, st.recursive(PLAIN, lambda one: st.lists(one) | st.dictionaries(TEXT, one)), min_size=1))
def test_what_is_written_as_yaml_is_read_as_it_was(data: dict[str, Any]) -> None:
    data.pop("version", None)  # keeps its text, whatever it is
    data.pop("<<", None)
    assert read_yaml(write_yaml(data)).data == data


WRONG = [
    ("nope", "nope is no dotted path to a callable: write module.function, or module:function"),
    ("clear.numberz", 'clear.numberz: clear has no "numberz"\n  did you mean "numbers"?'),
    ("cleer.numbers", 'there is no module "cleer", neither installed nor in this folder\n  did you mean "clear"?'),
    (
        "many.many",
        "many.many: the callable takes any number of values by position, but inputs are given by name; write",
    ),
    ("broken.it", "broken.it: the import of broken fails: ZeroDivisionError: division by zero\n  | "),
    ("clear.__version__", "clear.__version__ is of type str: it can neither be called nor has an execute method"),
]


@pytest.mark.parametrize(("name", "expected"), WRONG)
def test_what_cannot_be_described_is_said(name: str, expected: str, folder: Path) -> None:
    (folder / "many.py").write_text("def many(*numbers): ...\n")
    (folder / "broken.py").write_text("1 / 0\n")
    with pytest.raises(StartError) as caught:
        new_file(name, folder, URL)
    assert expected in str(caught.value)


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fastprocesses_server", "new", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("function", "name"), [("größe", "grosse"), ("_hidden", "hidden"), ("Ünder_1", "under_1")])
def test_a_file_is_named_by_what_may_be_an_id(folder: Path, function: str, name: str) -> None:
    (folder / "named.py").write_text(f"def {function}(a: int) -> int:\n    return a\n", encoding="utf-8")
    done = run(f"named.{function}")
    assert (done.returncode, done.stdout) == (0, f"processes.d/{name}.yaml: complete\n"), done.stderr
    assert list(load_registry(folder)) == [name]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["named.__"], "named.__: its name is no id of a process; --output names the file\n"),
        (
            ["named.it", "--output", "größe.yaml"],
            "größe.yaml: the file's name is no id; use letters, digits and . _ -\n",
        ),
        (["named.it", "--output", "_it.yaml"], "_it.yaml: files whose names begin with _ or . are not read\n"),
    ],
)
def test_a_file_that_would_not_be_read_is_not_written(folder: Path, options: list[str], said: str) -> None:
    (folder / "named.py").write_text("def it(a: int) -> int:\n    return a\n\n\n__ = it\n")
    done = run(*options)
    assert (done.returncode, done.stderr) == (1, said)
    assert not [*folder.glob("*.yaml"), *folder.parent.glob("*.yaml")]


CLASS = """
from fastprocesses.core.base_process import BaseProcess
from fastprocesses.core.models import ProcessDescription, ProcessInput, ProcessOutput, Schema


class Shout(BaseProcess):
    process_description = ProcessDescription(
        id="shout", title="Shout", version="1.2.0", description="Says it.", jobControlOptions=["async-execute"],
        inputs={"text": ProcessInput(title="Text", description="What", scheme=Schema(type="string", minLength=1))},
        outputs={"text": ProcessOutput(title="Text", description="-", scheme=Schema(type="string"))},
    )

    async def execute(self, exec_body, job_progress_callback):
        return exec_body["inputs"]
"""


def test_a_class_for_fastprocesses_says_its_own_members_once(folder: Path) -> None:
    (folder / "shouting.py").write_text(CLASS)
    text = new_file("shouting.Shout", folder, URL).text
    assert "# jobControlOptions: [async-execute]\n# outputTransmission: [value, reference]\n# inputs:" in text
    assert "job_control" not in text
    (folder / "Shout.yaml").write_text(text)
    before = load_registry(folder)["Shout"]
    (folder / "Shout.yaml").write_text(uncommented(text))
    assert published(load_registry(folder)["Shout"]) == published(before)
    (folder / "Shout.yaml").write_text(text)
    found = {one.member: one.where for one in origins(find_effective(folder, "Shout"), Settings())}
    own = "process_description, shouting.py:6"
    said = {member for member, where in found.items() if where == own}
    assert said >= {"inputs.text.title", "inputs.text.schema.minLength", "outputs.text.schema.type"}
    assert found["outputTransmission"] != own


def test_the_command_writes_a_file_once(folder: Path) -> None:
    done = run("clear.numbers")
    assert (done.returncode, done.stdout, done.stderr) == (0, "processes.d/numbers.yaml: complete\n", "")
    text = (folder / "numbers.yaml").read_text()
    assert text.startswith(f"# yaml-language-server: $schema={URL}\n")
    again = run("clear.numbers")
    assert (again.returncode, again.stdout) == (1, "")
    assert (
        again.stderr == "processes.d/numbers.yaml is there already, and stays as it is; --output names another file\n"
    )
    assert (folder / "numbers.yaml").read_text() == text


def test_the_command_prints_to_the_terminal(folder: Path) -> None:
    (folder / SCHEMA_FILE).touch()
    done = run("clear.numbers", "--output", "-")
    assert done.stdout.startswith(f"# yaml-language-server: $schema=./{SCHEMA_FILE}\n")
    assert [path.name for path in folder.glob("*.yaml")] == []
