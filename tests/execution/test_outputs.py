"""What callables return, as bytes."""

import dataclasses
import datetime
import decimal
import enum
import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from fastprocesses_server.execution.media_type import Kind
from fastprocesses_server.execution.outputs import InvalidOutput, OutputsWriter
from fastprocesses_server.processes.description import Process


def writer(*, returns_whole: bool = False, **outputs: Any) -> OutputsWriter:
    members = {"id": "p", "version": "1", "callable": "m:f", "fingerprint": "f", "source": "p.yaml"}
    members |= {"returns_whole": returns_whole}
    schemas = {name: {"schema": schema} for name, schema in outputs.items()}
    return OutputsWriter(Process.model_validate({**members, "outputs": schemas}))


@dataclasses.dataclass
class Pair:
    a: int
    b: str


class Model(BaseModel):
    a: int
    b: str


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("returned", "body"),
    [
        (0, b"0"),
        (False, b"false"),
        (0.5, b"0.5"),
        ([], b"[]"),
        ({}, b"{}"),
        (10**30, b"1" + b"0" * 30),
        ([None], b"[null]"),
        ((1, 2), b"[1,2]"),
        (Pair(1, "x"), b'{"a":1,"b":"x"}'),
        (Model(a=1, b="x"), b'{"a":1,"b":"x"}'),
        (np.float64(1.5), b"1.5"),
        (np.arange(3), b"[0,1,2]"),
        ({1: "a"}, b'{"1":"a"}'),
        ({"none": None, "id": uuid.UUID(int=1)}, b'{"none":null,"id":"00000000-0000-0000-0000-000000000001"}'),
        ([None, Colour.RED, decimal.Decimal("1.50"), np.arange(2)], b'[null,"red","1.50",[0,1]]'),
    ],
)
def test_values_become_json(returned: object, body: bytes) -> None:
    (output,) = writer(result={}).encode(returned)
    assert output.body == body
    assert output.kind == Kind.JSON


@pytest.mark.parametrize(
    ("returned", "body"),
    [
        ("", b""),
        ("ümlaut", "ümlaut".encode()),
        (Colour.RED, b"red"),
        (datetime.date(2026, 1, 2), b"2026-01-02"),
        (uuid.UUID(int=1), b"00000000-0000-0000-0000-000000000001"),
    ],
)
def test_what_json_calls_a_string_becomes_text(returned: object, body: bytes) -> None:
    (output,) = writer(result={"type": "string"}).encode(returned)
    assert (output.body, output.kind, output.media_type) == (body, Kind.TEXT, "text/plain")


@pytest.mark.parametrize("returned", [Pair(1, "x"), Model(a=1, b="x"), {"a": 1, "b": "x"}])
def test_members_are_outputs_by_name(returned: object) -> None:
    outputs = writer(a={"type": "integer"}, b={"type": "string"}).encode(returned)
    assert [(output.name, output.body, output.media_type) for output in outputs] == [
        ("a", b"1", "text/plain"),
        ("b", b"x", "text/plain"),
    ]


def test_one_output_may_be_returned_bare_or_by_name() -> None:
    assert writer(a={"type": "integer"}).encode(5) == writer(a={"type": "integer"}).encode({"a": 5})


def test_a_dict_that_is_the_one_output_may_have_its_name_within() -> None:
    (output,) = writer(returns_whole=True, result={"type": "object"}).encode({"result": 1})
    assert output.body == b'{"result":1}'


def test_none_is_no_value() -> None:
    assert writer(a={}, b={}).encode({"a": None, "b": 1})[0].name == "b"
    assert writer(a={}).encode(None) == []
    assert writer(a={}, b={}).encode(None) == []


@pytest.mark.parametrize(
    ("schema", "returned"),
    [
        ({}, float("nan")),
        ({}, {"deep": [float("inf")]}),
        ({}, [float("nan"), None]),
        ({}, np.array([np.nan])),
        ({}, object()),
        ({}, {"a": {1, 2}, "b": object()}),
        ({"type": "integer"}, "five"),
        ({"type": "integer", "maximum": 3}, 5),
        ({"type": "string", "contentEncoding": "base64"}, "not base64!"),
        ({}, Path("/nowhere/file")),
        ({}, [10**400]),
        ({}, [{"deep": -(10**400)}]),
    ],
)
def test_what_does_not_fit_is_refused_by_name(schema: dict[str, Any], returned: object) -> None:
    with pytest.raises(InvalidOutput, match="'result'"):
        writer(result=schema).encode(returned)


def test_unknown_outputs_are_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidOutput, match=r'did you mean "count"\?'):
        writer(count={}, total={}).encode({"cuont": 1})
    with pytest.raises(InvalidOutput, match="not a dict of the outputs a, b"):
        writer(a={}, b={}).encode(5)


def test_bytes_and_files_keep_their_media_type(tmp_path: Path) -> None:
    png = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}
    (output,) = writer(image=png).encode(b"\x89PNG")
    assert (output.media_type, output.kind) == ("image/png", Kind.BINARY)
    path = tmp_path / "table.csv"
    path.write_text("a,b")
    (output,) = writer(table={"type": "string"}).encode(path)
    assert (output.media_type, output.kind, output.filename) == ("text/csv", Kind.TEXT, "table.csv")


def test_the_alternative_that_fits_names_the_media_type() -> None:
    gml = {"type": "string", "contentMediaType": "application/gml+xml"}
    geojson = {"type": "object", "format": "geojson-geometry"}
    write = writer(geometry={"oneOf": [gml, geojson]}, other={})
    (as_json,) = write.encode({"geometry": {"type": "Point", "coordinates": [1, 2]}})
    (as_text,) = write.encode({"geometry": "<gml:Point/>"})
    assert (as_json.media_type, as_text.media_type) == ("application/geo+json", "application/gml+xml")
    assert json.loads(bytes(as_json.body))  # type: ignore[arg-type]
