"""Kinds of callables and of annotations, and what a file of one line publishes of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic
import pytest

from fastprocesses_server.processes.annotations import Converter
from fastprocesses_server.processes.description import Process
from fastprocesses_server.processes.registry import load_registry

Put = Callable[..., Path]
Show = Callable[..., tuple[dict[str, Any], dict[str, Any]]]
HEAD = """
from __future__ import annotations
import dataclasses, functools, typing
from typing import *
import typing_extensions
from pydantic import BaseModel, Field
"""
INTEGER, NUMBER, TEXT = {"type": "integer"}, {"type": "number"}, {"type": "string"}


@pytest.fixture
def process(publish: Callable[..., Process]) -> Callable[..., Process]:
    return lambda module, file="": publish(HEAD + module, file)


@pytest.fixture
def show(process: Callable[..., Process]) -> Show:
    """The schemas of its inputs and outputs."""

    def show(module: str, file: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
        published = process(module, file)
        return (
            {name: given.schema_ for name, given in published.inputs.items()},
            {name: output.schema_ for name, output in published.outputs.items()},
        )

    return show


GROW = """
def grow(size: int, by: float = 1) -> float:
    "Grow it."
"""
METHOD = """
class Grow:
    DECORATOR
    def METHOD(self, size: int, by: float = 1) -> float:
        "Grow it."
"""
AROUND = """
def around(function):
    @functools.wraps(function)
    def inner(*given, **named):
        return function(*given, **named)
    return inner
"""
OVERLOADS = """
@overload
def grow(size: str) -> str: ...
@overload
def grow(size: bytes) -> bytes: ...
"""
CALLABLES = {
    "a function": f"{GROW}run = grow",
    "a partial": GROW.replace("size: int", "x: str, size: int") + "run = functools.partial(grow, 'x')",
    "a cached function": f"{GROW}run = functools.lru_cache(grow)",
    "a function around another": f"{GROW}{AROUND}run = around(grow)",
    "an instance that can be called": METHOD.replace("METHOD", "__call__").replace("DECORATOR", "") + "run = Grow()",
    "a method of an instance": METHOD.replace("METHOD", "grow").replace("DECORATOR", "") + "run = Grow().grow",
    "a class method": METHOD.replace("METHOD", "grow").replace("DECORATOR", "@classmethod") + "run = Grow.grow",
    "an object with execute": METHOD.replace("METHOD", "execute").replace("DECORATOR", "") + "run = Grow()",
    "an async function": GROW.replace("def", "async def") + "run = grow",
    "an overloaded function": f"{OVERLOADS}{GROW}run = grow",
}


@pytest.mark.parametrize("kind", CALLABLES)
def test_whatever_can_be_called_publishes_its_signature(kind: str, process: Callable[..., Process], show: Show) -> None:
    module = CALLABLES[kind]
    assert show(module) == ({"size": INTEGER, "by": {**NUMBER, "default": 1}}, {"result": NUMBER})
    assert process(module).title == "Grow it"


def test_a_class_returns_itself(show: Show) -> None:
    assert show("@dataclasses.dataclass\nclass run:\n    a: int\n    b: str = 'x'") == (
        {"a": INTEGER, "b": {**TEXT, "default": "x"}},
        {"a": INTEGER, "b": TEXT},
    )
    assert show("class run(BaseModel):\n    a: int")[1] == {"a": INTEGER}


def test_what_returns_nothing_has_no_outputs(show: Show) -> None:
    assert show("def run(a: int) -> None: ...") == ({"a": INTEGER}, {})


ANNOTATIONS = {
    "List[int]": {"type": "array", "items": INTEGER},
    "typing_extensions.TypeAliasType('Numbers', list[int])": {"type": "array", "items": INTEGER},
    "Named": INTEGER,
    "Bound": NUMBER,
    "Box[int]": {"type": "object", "properties": {"content": INTEGER}, "required": ["content"], "title": "Box[int]"},
    "Annotated[int, 'How many', object()]": INTEGER,
    "list['Later']": {"type": "array", "items": {"$ref": "#/$defs/Later"}},
    "Mapping[str, int]": {"type": "object", "additionalProperties": INTEGER},
    "Sequence[int]": {"type": "array", "items": INTEGER},
    "Iterator[int]": {"type": "array", "items": INTEGER},
    "Generator[int, None, None]": {"type": "array", "items": INTEGER},
}
CLASSES = """
Named = NewType("Named", int)
Bound = TypeVar("Bound", bound=float)
T = TypeVar("T")
class Box(BaseModel, Generic[T]):
    content: T
class Later(BaseModel):
    a: int
"""


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_annotations_of_many_kinds_are_schemas(annotation: str, show: Show) -> None:
    schema = show(f"{CLASSES}\nX = {annotation}\ndef run(x: {annotation}, y: X) -> int: ...")[0]
    assert {name: value for name, value in schema["x"].items() if name != "$defs"} == ANNOTATIONS[annotation]
    assert schema["y"] == schema["x"]


def test_a_text_beside_the_type_describes_the_value(process: Callable[..., Process]) -> None:
    published = process(
        'def run(x: Annotated[int, "How many"], y: Annotated[int, "no", Field(description="Field")])'
        ' -> Annotated[int, "What comes"]: ...'
    )
    assert [given.description for given in published.inputs.values()] == ["How many", "Field"]
    assert published.outputs["result"].description == "What comes"


def test_parameters_that_are_private_and_may_be_left_out_are_no_inputs(show: Show) -> None:
    assert show("def run(a: int, _b: int, _c: int = 1, *, d: int, _e=None) -> int: ...")[0].keys() == {"a", "_b", "d"}


def test_a_default_that_nobody_could_send_is_not_published(process: Callable[..., Process]) -> None:
    inputs = process(
        "import datetime, decimal, math\n"
        "def run(a: Annotated[int, Field(ge=0)] = -1, b: float = math.inf, c: str = object(), "
        "d: datetime.datetime = datetime.datetime(2026, 1, 1), e: datetime.time = datetime.time(8), "
        "f: Annotated[decimal.Decimal, Field(ge=0)] = decimal.Decimal('1.5'), "
        "g: datetime.timedelta = datetime.timedelta(seconds=0.5)) -> int: ..."
    ).inputs
    assert not any(given.is_required for given in inputs.values())
    defaults = {name: given.schema_["default"] for name, given in inputs.items() if "default" in given.schema_}
    assert defaults == {"e": "08:00:00", "f": 1.5, "g": "PT0.5S"}


def test_defaults_may_be_said_by_a_field_of_pydantic(process: Callable[..., Process]) -> None:
    inputs = process(
        "def run(a: int = Field(5, ge=1, description='How many'), b: list[int] = Field(default_factory=list), "
        "c: int = Field(ge=2), d: int = Field(...), e: int = ..., f: int | None = Field(None)) -> int: ..."
    ).inputs
    assert [name for name, given in inputs.items() if given.is_required] == ["c", "d", "e"]
    assert inputs["a"].schema_ == {**INTEGER, "minimum": 1, "default": 5}
    assert inputs["a"].description == "How many"
    assert "default" not in inputs["b"].schema_
    assert inputs["c"].schema_ == {**INTEGER, "minimum": 2}
    assert inputs["f"].schema_ == INTEGER


def test_fields_that_are_made_anew_may_be_left_out(process: Callable[..., Process]) -> None:
    for kind in ("@dataclasses.dataclass\nclass run", "class run(BaseModel)"):
        made = "dataclasses.field" if "dataclass" in kind else "Field"
        inputs = process(f"{kind}:\n    a: int\n    b: list[int] = {made}(default_factory=list)").inputs
        assert [name for name, given in inputs.items() if given.is_required] == ["a"]
        assert inputs["b"].schema_ == {"type": "array", "items": INTEGER}


def test_what_may_be_left_out_and_has_no_annotation_is_told(put: Put, folder: Path) -> None:
    put("tools.py", "def run(a: int, b=1, c=None, _d=2, *, context=None) -> int: ...")
    put("run.yaml", "callable: tools.run\nversion: 1\n")
    assert load_registry(folder).warnings == (
        (
            'processes.d/run.yaml: clients cannot send "b", "c", as nothing says what the callable takes there; '
            "write for example `inputs: {b: {schema: {type: number}}}`"
        ),
    )


def test_a_model_that_is_one_value_is_one_output(show: Show) -> None:
    outputs = show("import pydantic\nclass Many(pydantic.RootModel[list[int]]): ...\ndef run() -> Many: ...")[1]
    assert outputs == {"result": {"type": "array", "items": INTEGER}}


def test_a_dict_is_the_output_that_its_annotation_says_or_holds_those_that_the_file_says(
    put: Put, folder: Path
) -> None:
    put("tools.py", f"{HEAD}class run(NamedTuple):\n    result: dict[str, int]\ndef count() -> dict[str, int]: ...")
    put("count.yaml", "callable: tools.count\nversion: 1\n")
    put("named.yaml", "callable: tools.count\nversion: 1\noutputs: {words: {title: Words}}\n")
    put("held.yaml", "callable: tools.count\nversion: 1\noutputs: {result: {schema: {type: object}}}\n")
    same = "{type: object, additionalProperties: {type: integer}}"
    put("same.yaml", f"callable: tools.count\nversion: 1\noutputs: {{result: {{schema: {same}}}}}\n")
    put("field.yaml", "callable: tools.run\nversion: 1\n")
    whole = {name: process.returns_whole for name, process in load_registry(folder).items()}
    assert whole == {"count": True, "named": True, "same": True, "held": False, "field": False}


def test_members_of_a_typed_dict_are_required_as_they_say_themselves(show: Show) -> None:
    classes = (
        "class Base(typing.TypedDict):\n    a: int\n    b: NotRequired[int]\n"
        "class More(Base, total=False):\n    c: int\n    d: Required[int]\n"
    )
    schema = show(f"{classes}def run(x: More) -> int: ...")[0]["x"]
    assert sorted(schema["required"]) == ["a", "d"]
    assert list(schema["properties"]) == ["a", "b", "c", "d"]


CONTEXTS = """
import decimal
import fastprocesses_server.types
from fastprocesses_server.types import Context as Ours
class Theirs(Protocol):
    def progress(self, percent: float) -> None: ...
class More(Ours, Protocol): ...
if TYPE_CHECKING:
    from fastprocesses_server.types import Context
"""
TAKING = {
    "context": "context",
    "context: Any": "context",
    "context: object": "context",
    "context: Theirs": "context",
    "context: Nowhere": "context",
    "*, c: Ours": "c",
    "c: fastprocesses_server.types.Context": "c",
    "c: Annotated[Ours, 'What is there']": "c",
    "c: Optional[Ours] = None": "c",
    "c: Ours | None = None": "c",
    "c: More": "c",
    "c: Ours, /": "c",
    "c: Context": "c",
    "c: Optional[Context] = None": "c",
    "c: Context | None = None": "c",
    "c: typing.Optional[elsewhere.Context] = None": "c",
    "context: str": None,
    "context: str, c: Ours": "c",
    "c: decimal.Context = None": None,
    "c: Theirs = None": None,
    "**context": None,
}


def test_the_context_is_known_by_its_type_and_by_name_where_nothing_speaks_against_it(put: Put, folder: Path) -> None:
    functions = "".join(f"def run{n}({parameters}) -> int: ...\n" for n, parameters in enumerate(TAKING))
    put("tools.py", HEAD + CONTEXTS + functions)
    for number in range(len(TAKING)):
        put(f"run{number}.yaml", f"callable: tools.run{number}\nversion: 1\n")
    registry = load_registry(folder)
    assert [registry[f"run{n}"].context_parameter for n in range(len(TAKING))] == list(TAKING.values())
    assert list(registry[f"run{list(TAKING).index('context: str, c: Ours')}"].inputs) == ["context"]


def test_a_class_of_the_authors_that_is_called_context_is_not_ours(process: Callable[..., Process]) -> None:
    module = "@dataclasses.dataclass\nclass Context:\n    a: int = 1\ndef run(c: Context) -> int: ..."
    published = process(module)
    assert published.context_parameter is None
    assert list(published.inputs) == ["c"]


WRONG = {
    "@dataclasses.dataclass\nclass Data:\n    a: Nowhere\ndef run() -> Data: ...": "nothing about JSON: tools.Data",
    "def run(x: Self) -> int: ...": 'needs "x", which has an annotation that says nothing about JSON: Self',
    "T = TypeVar('T')\ndef run(x: T) -> int: ...": 'needs "x", which may be anything: ~T',
    "if TYPE_CHECKING:\n    from a import B\ndef run(x: B) -> int: ...": "annotation that cannot be evaluated: B",
    "class Odd:\n    def __get_pydantic_core_schema__(*_): 1 / 0\ndef run(x: Odd) -> int: ...": "about JSON",
    "def run(*many): ...": "the callable takes any number of values by position, but inputs are given by name",
    "class run: ...": "what the callable returns has an annotation that says nothing about JSON: tools.run",
    "run = dict": "Python cannot tell what the callable takes; write a function around it",
}

HOLDERS = """
import os, pathlib, pydantic
from pathlib import Path
@dataclasses.dataclass
class Data:
    place: Path
class Model(BaseModel):
    deep: dict[str, list[Data]] = {}
class Named(NamedTuple):
    place: Path
class Typed(typing_extensions.TypedDict):
    place: NotRequired[pydantic.FilePath]
class Checked(BaseModel):
    place: Annotated[Path, pydantic.AfterValidator(str)]
Alias = NewType("Alias", Path)
"""
HOLDING = [
    *("Data", "Model", "Named", "Typed", "Checked", "Alias", "Path | str", "pathlib.PurePath"),
    *("dict[str, Path]", "dict[Path, int]", "tuple[Path, ...]", "Sequence[Path]", "list[list[Path]]"),
    *("os.PathLike", "os.PathLike[str]", "tuple[pydantic.Json[Path], ...]"),
]


def test_clients_name_no_files_of_the_server(put: Put, complaints: Callable[..., str]) -> None:
    text = "would let clients name files of the server, as a Path is a file only alone or in a list: "
    put("tools.py", HEAD + HOLDERS + "".join(f"def run{n}(x: {x}) -> int: ...\n" for n, x in enumerate(HOLDING)))
    for number in range(len(HOLDING)):
        put(f"run{number}.yaml", f"callable: tools.run{number}\nversion: 1\n")
    assert complaints().count(f'the callable needs "x", which {text}') == len(HOLDING)


IMPORTING = ["pydantic.ImportString", "list[pydantic.ImportString[Any] | None]", "dict[str, pydantic.ImportString]"]


def test_clients_do_not_say_what_is_imported(put: Put, complaints: Callable[..., str]) -> None:
    put(
        "tools.py",
        HEAD + "import pydantic\n" + "".join(f"def run{n}(x: {x}) -> int: ...\n" for n, x in enumerate(IMPORTING)),
    )
    for number in range(len(IMPORTING)):
        put(f"run{number}.yaml", f"callable: tools.run{number}\nversion: 1\n")
    text = 'the callable needs "x", which would let clients say what is imported: '
    assert complaints().count(text) == len(IMPORTING)


def test_text_that_a_file_describes_is_not_imported() -> None:
    assert Converter(pydantic.ImportString).convert("os.system") == "os.system"


def test_outputs_tell_no_places_of_the_server(put: Put, complaints: Callable[..., str]) -> None:
    text = "would tell clients where files of the server lie, as a Path is a file only as a whole output: "
    returned = ["list[Path]", "dict[str, Path]", "list[Data]", "Path | str", "Model"]
    put("tools.py", HEAD + HOLDERS + "".join(f"def run{n}() -> {x}: ...\n" for n, x in enumerate(returned)))
    for number in range(len(returned)):
        put(f"run{number}.yaml", f"callable: tools.run{number}\nversion: 1\n")
    assert complaints().count(f"what the callable returns {text}") == len(returned)


def test_a_path_that_is_alone_in_a_list_or_a_field_of_what_is_returned_is_a_file(show: Show) -> None:
    inputs, outputs = show(
        f"{HOLDERS}def run(a: Path, b: list[Path], c: Path | None = None, d: pydantic.FilePath = None) -> Data: ..."
    )
    assert {schema["contentEncoding"] for schema in [*inputs.values(), *outputs.values()]} == {"binary"}


@pytest.mark.parametrize("module", WRONG)
def test_what_says_nothing_about_json_is_told(module: str, put: Put, complaints: Callable[..., str]) -> None:
    put("tools.py", HEAD + module)
    put("run.yaml", "callable: tools.run\nversion: 1\n")
    text = complaints()
    assert WRONG[module] in text
    assert text.count("run.yaml:") == 1


def test_complaints_about_parameters_come_in_their_order(put: Put, complaints: Callable[..., str]) -> None:
    put("tools.py", "def run(c, a, b) -> int: ...")
    put("run.yaml", "callable: tools.run\nversion: 1\n")
    names = [line.split('"')[1] for line in complaints().splitlines() if "needs" in line]
    assert names == ["c", "a", "b"]
