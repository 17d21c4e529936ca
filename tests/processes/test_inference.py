"""What a file of one line publishes, by the annotations and the docstring of its callable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typed_module import CLASSES as SHARED
from typed_module import HEAD

from fastprocesses_server.processes.description import Process
from fastprocesses_server.processes.schemas import compile_schema

Put = Callable[..., Path]


@pytest.fixture
def published(publish: Callable[..., Process]) -> Callable[..., Process]:
    return lambda module, file="": publish(HEAD + module, file)


INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
BINARY = {"type": "string", "contentEncoding": "binary", "contentMediaType": "application/octet-stream"}
SCHEMAS = [
    ("int", INTEGER),
    ("float", NUMBER),
    ("bool", {"type": "boolean"}),
    ("str", {"type": "string"}),
    ("dict", {"type": "object", "additionalProperties": True}),
    ("dict[str, float]", {"type": "object", "additionalProperties": NUMBER}),
    ("list[int]", {"type": "array", "items": INTEGER}),
    ("set[int]", {"type": "array", "items": INTEGER, "uniqueItems": True}),
    ("tuple[int, ...]", {"type": "array", "items": INTEGER}),
    ("tuple[int, float]", {"type": "array", "prefixItems": [INTEGER, NUMBER], "minItems": 2, "maxItems": 2}),
    ("int | str", {"anyOf": [INTEGER, {"type": "string"}]}),
    ("'Optional[int]'", {"anyOf": [INTEGER, {"type": "null"}]}),
    ("Literal['a', 'b']", {"type": "string", "enum": ["a", "b"]}),
    ("Annotated[float, Field(ge=0, lt=10)]", {"type": "number", "minimum": 0, "exclusiveMaximum": 10}),
    ("uuid.UUID", {"type": "string", "format": "uuid"}),
    ("bytes", BINARY),
    ("pathlib.Path", BINARY),
    (
        "Annotated[bytes, Field(json_schema_extra={'contentMediaType': 'image/png'})]",
        {**BINARY, "contentMediaType": "image/png"},
    ),
    ("BBox", {"type": "object", "format": "ogc-bbox"}),
    ("Geometry", {"type": "object", "format": "geojson-geometry"}),
    ("Feature", {"type": "object", "format": "geojson-feature"}),
    ("FeatureCollection", {"type": "object", "format": "geojson-feature-collection"}),
]


@pytest.mark.parametrize(("annotation", "schema"), SCHEMAS)
def test_an_annotation_becomes_a_schema_of_input_and_output(
    annotation: str, schema: dict[str, Any], published: Callable[..., Process]
) -> None:
    process = published(f"def run(x: {annotation}) -> {annotation}: ...")
    assert process.inputs["x"].schema_ == schema
    assert (process.inputs["x"].min_occurs, process.inputs["x"].max_occurs) == (1, 1)
    assert process.outputs["result"].schema_ == (schema["anyOf"][0] if "Optional" in annotation else schema)


def test_moments_are_published_so_that_python_can_hold_what_fits(published: Callable[..., Process]) -> None:
    process = published(
        "def run(a: datetime.date, b: datetime.datetime, c: datetime.time, d: datetime.timedelta) -> int: ..."
    )
    schemas = {name: given.schema_ for name, given in process.inputs.items()}
    assert (schemas["a"]["format"], schemas["b"]["format"]) == ("date", "date-time")
    fits = {name: compile_schema(schema).is_valid for name, schema in schemas.items()}
    assert fits["a"]("2024-02-29")
    assert not fits["a"]("0000-01-01")
    assert fits["b"]("2024-02-29T23:59:59Z")
    assert not fits["b"]("2016-12-31T23:59:60Z")
    assert not fits["b"]("2024-02-29T23:59:59")
    assert all(map(fits["c"], ["03:04", "03:04:05", "03:04:05.5", "03:04:05Z", "03:04:05+01:00"]))
    assert not any(map(fits["c"], ["24:00", "23:59:60", "3:04"]))
    assert all(map(fits["d"], ["PT0.5S", "-P1D", "P1W", "P1DT1H"]))
    assert not any(map(fits["d"], ["P", "PT", "5 s", "P99999999999D"]))


def test_a_moment_that_is_returned_may_have_no_zone(published: Callable[..., Process]) -> None:
    fits = compile_schema(published("def run() -> datetime.datetime: ...").outputs["result"].schema_).is_valid
    assert fits("2024-02-29T23:59:59")
    assert fits("2024-02-29T23:59:59.123456+01:00")
    assert not fits("2024-02-29")


BASE64 = {"type": "string", "contentEncoding": "base64"}
HOLDERS = """
class Model(BaseModel):
    raw: bytes = b"\\xff"

@dataclasses.dataclass
class Data:
    raw: bytes = b"\\xff"

class Typed(typing.TypedDict):
    raw: bytes

class Outer(BaseModel):
    inner: Model
"""


@pytest.mark.parametrize("name", ["Model", "Data", "Typed"])
def test_bytes_in_a_class_with_fields_are_published_as_base64(name: str, published: Callable[..., Process]) -> None:
    process = published(f"{HOLDERS}\ndef run(x: {name}) -> list[{name}]: ...")
    sent = process.inputs["x"].schema_["properties"]["raw"]
    assert sent.items() >= BASE64.items()
    assert sent.get("default", "/w==") == "/w=="
    assert (compile_schema(sent).is_valid("/w=="), compile_schema(sent).is_valid("_w==")) == (True, False)
    returned = process.outputs["result"].schema_
    assert next(iter(returned["$defs"].values()))["properties"]["raw"].items() >= BASE64.items()


def test_limits_of_bytes_are_those_of_their_base64(published: Callable[..., Process]) -> None:
    limits = "Field(min_length=4, max_length=6)"
    process = published(f"def run(x: Annotated[bytes, {limits}], y: set[Annotated[bytes, {limits}]]) -> int: ...")
    assert process.inputs["x"].schema_ == {**BINARY, "minLength": 8, "maxLength": 8}
    assert process.inputs["y"].schema_["items"].items() >= {**BASE64, "minLength": 8, "maxLength": 8}.items()


def test_defaults_that_are_bytes_are_published_as_base64_and_files_not_at_all(
    published: Callable[..., Process],
) -> None:
    inputs = published(
        "def run(x: bytes = b'\\xff', y: pathlib.Path = pathlib.Path('/etc'), z: pathlib.Path = '/etc', "
        "a: bytes = 'text', b: Annotated[pathlib.Path, Field(default='/etc')] = None) -> int: ..."
    ).inputs
    assert inputs["x"].schema_["default"] == "/w=="
    assert {name for name, given in inputs.items() if "default" in given.schema_} == {"x"}
    assert not any(given.is_required for given in inputs.values())


CLASSES = (
    SHARED
    + """
class Typed(typing.TypedDict):
    colour: Colour
    size: NotRequired[int]

class Named(NamedTuple):
    colour: Colour
    size: int = 1
"""
)


@pytest.mark.parametrize("name", ["Model", "Data", "Typed"])
def test_a_class_with_fields_is_an_object(name: str, published: Callable[..., Process]) -> None:
    schema = published(f"{CLASSES}\ndef run(x: {name}) -> int: ...").inputs["x"].schema_
    assert schema["type"] == "object"
    assert schema["required"] == ["colour"]
    assert schema["properties"]["size"].items() >= INTEGER.items()
    assert schema["$defs"]["Colour"]["enum"] == ["red", "blue"]


@pytest.mark.parametrize("name", ["Model", "Data", "Typed", "Named"])
def test_a_return_type_with_fields_has_an_output_for_each(name: str, published: Callable[..., Process]) -> None:
    outputs = published(f"{CLASSES}\ndef run() -> {name}: ...").outputs
    assert list(outputs) == ["colour", "size"]
    assert outputs["colour"].schema_["enum"] == ["red", "blue"]
    assert outputs["size"].schema_ == INTEGER


def test_parameters_with_a_default_are_optional_and_publish_it(published: Callable[..., Process]) -> None:
    inputs = published(
        CLASSES
        + "def run(a: int, b: int = 5, c: int | None = None, d: Colour = Colour.RED, "
        + "e: datetime.date = datetime.date(2026, 1, 2), f: list[bytes] = [], g=1, *, context) -> int: ..."
    ).inputs
    assert list(inputs) == ["a", "b", "c", "d", "e", "f"]
    assert [name for name, given in inputs.items() if given.is_required] == ["a"]
    assert {name: given.schema_.get("default") for name, given in inputs.items()} == {
        "a": None,
        "b": 5,
        "c": None,
        "d": "red",
        "e": "2026-01-02",
        "f": None,
    }
    assert inputs["c"].schema_ == INTEGER
    assert (inputs["f"].schema_, inputs["f"].max_occurs) == (BINARY, "unbounded")


def test_defaults_of_moments_conform_to_what_is_published(published: Callable[..., Process]) -> None:
    inputs = published(
        "class Span(BaseModel):\n"
        "    begin: datetime.datetime = datetime.datetime(2026, 1, 2)\n"
        "    end: datetime.datetime = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)\n"
        "def run(a: datetime.datetime = datetime.datetime(2026, 1, 2), b: datetime.time = datetime.time(3, 4), "
        "c: datetime.datetime = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), d: Span = Span()) -> int: ..."
    ).inputs
    assert not any(given.is_required for given in inputs.values())
    span = inputs["d"].schema_["properties"]
    assert {name: given.schema_.get("default") for name, given in inputs.items()} == {
        "a": None,
        "b": "03:04:00",
        "c": "2026-01-02T00:00:00Z",
        "d": None,
    }
    assert (span["begin"].get("default"), span["end"]["default"]) == (None, "2026-01-02T00:00:00Z")
    for schema in (inputs["b"].schema_, inputs["c"].schema_, span["end"]):
        assert compile_schema(schema).is_valid(schema["default"])


def test_parameters_by_position_are_inputs_like_others(published: Callable[..., Process]) -> None:
    process = published("def run(a: int, b: int = 1, /, c: int = 2) -> int: ...")
    assert list(process.inputs) == ["a", "b", "c"]
    assert process.by_position == ["a", "b"]


DOCSTRINGS = {
    "google": '''
    """Grow a geometry.

    By some distance.

    Args:
        x (int): What
            grows.

    Returns:
        int: The grown one.
    """
''',
    "numpy": '''
    """
    Grow a geometry.

    By some distance.

    Parameters
    ----------
    x : int
        What
        grows.

    Returns
    -------
    int
        The grown one.
    """
''',
    "sphinx": '''
    """Grow a geometry.

    By some distance.

    :param x: What
        grows.
    :type x: int
    :returns: The grown one.
    """
''',
}


@pytest.mark.parametrize("style", DOCSTRINGS)
def test_docstrings_give_the_texts(style: str, published: Callable[..., Process]) -> None:
    process = published(f"def run(x: int) -> int:{DOCSTRINGS[style]}")
    assert (process.title, process.description) == ("Grow a geometry", "By some distance.")
    assert process.inputs["x"].description == "What\ngrows."
    assert process.outputs["result"].description == "The grown one."


def test_the_file_wins_over_the_signature_and_that_over_the_docstring(published: Callable[..., Process]) -> None:
    process = published(
        "def run(x: Annotated[int, Field(description='signature', ge=0, le=9)] = 1, y: int = 2) -> int:"
        '\n    """docstring\n\n    Args:\n        x: docstring\n        y: docstring\n    """\n',
        "title: file\ninputs:\n  x: {title: file, schema: {maximum: 5}}\n",
    )
    assert process.title == "file"
    assert (process.inputs["x"].title, process.inputs["x"].description) == ("file", "signature")
    assert process.inputs["x"].schema_ == {"type": "integer", "minimum": 0, "maximum": 5, "default": 1}
    assert process.inputs["y"].description == "docstring"


def test_a_schema_of_the_file_refines_a_broad_annotation(published: Callable[..., Process]) -> None:
    process = published(
        "def run(area: dict, values: list[float], many: list[int]) -> dict: ...",
        "inputs:\n"
        "  area: {schema: {format: geojson-geometry}}\n"
        "  values: {schema: {minItems: 2}}\n"
        "  many: {maxOccurs: 3}\n"
        "outputs: {result: {schema: {type: object, contentMediaType: application/geo+json}}}\n",
    )
    assert process.inputs["area"].schema_["format"] == "geojson-geometry"
    assert process.inputs["values"].schema_ == {"type": "array", "items": NUMBER, "minItems": 2}
    assert process.inputs["many"].schema_ == INTEGER
    assert process.outputs["result"].schema_["contentMediaType"] == "application/geo+json"


def test_one_output_may_have_any_name(published: Callable[..., Process]) -> None:
    process = published("def run() -> float: ...", "outputs: {area: {title: Area}}\n")
    assert {name: output.schema_ for name, output in process.outputs.items()} == {"area": NUMBER}


def test_a_dict_holds_the_outputs_that_the_file_names(published: Callable[..., Process]) -> None:
    file = "outputs: {a: {schema: {type: number}}, b: {schema: {type: string}}}\n"
    assert list(published("def run() -> dict[str, Any]: ...", file).outputs) == ["a", "b"]


WRONG = [
    ("x", "int", "", '1:11: the callable needs "x", which has no annotation (tools.py:7); annotate it, or write'),
    ("x: 'Nowhere'", "int", "", 'needs "x", which has an annotation that cannot be evaluated: Nowhere (tools.py:7)'),
    ("x: Any", "int", "", 'needs "x", which may be anything: Any (tools.py:7)'),
    (
        "x: Callable",
        "int",
        "",
        'needs "x", which has an annotation that says nothing about JSON: Callable (tools.py:7)',
    ),
    (
        "",
        "AsyncIterator[int]",
        "",
        "what the callable returns has an annotation that says nothing about JSON: AsyncIterator[int]",
    ),
    ("*many: int", "int", "", "1:11: the callable takes any number of values by position"),
    (
        "x: int",
        "int",
        "inputs: {x: {schema: {type: string}}}\n",
        "3:22: the schema is for string, but the callable's annotation for integer (tools.py:7)",
    ),
    (
        "x: int",
        "int",
        "inputs: {x: {schema: {type: number}}}\n",
        "3:22: the schema is for integer or number, but the callable's annotation for integer (tools.py:7)",
    ),
    (
        "x: Annotated[int, Field(ge=5)] = 7",
        "int",
        "inputs: {x: {schema: {maximum: 6}}}\n",
        "with what the callable says (tools.py:7): the default does not fit: 7 is greater than the maximum of 6",
    ),
    (
        "x: int",
        "int",
        "inputs: {x: {minOccurs: 0}}\n",
        '3:25: the callable needs "x" (tools.py:7): minOccurs cannot be 0 without a default',
    ),
    (
        "x: int",
        "int",
        "inputs: {xx: {}}\n",
        '3:10: the callable takes no "xx"; it takes "x"',
    ),
    (
        "",
        "Data",
        "outputs: {seize: {}}\n",
        '3:11: the callable returns no "seize" (tools.py:7); it returns "colour", "size"',
    ),
    ("", "float", "outputs: {a: {}, b: {}}\n", '3:18: the callable returns no "b" (tools.py:7); it returns "a"'),
]


@pytest.mark.parametrize(("parameter", "returned", "file", "expected"), WRONG)
def test_what_the_callable_leaves_open_or_contradicts_is_shown_with_both_places(
    parameter: str, returned: str, file: str, expected: str, *, put: Put, complaints: Callable[..., str]
) -> None:
    put("classes.py", HEAD + CLASSES)
    put("tools.py", HEAD + f"from classes import *\ndef run({parameter}) -> {returned}: ...")
    put("run.yaml", "callable: tools.run\nversion: 1\n" + file)
    assert expected in complaints()
