"""`name=value`: what is meant by it."""

import base64
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from fastprocesses_server.authoring.assignments import Shape, published_shapes, read_assignments
from fastprocesses_server.errors import InvalidRequest, UsageError

BINARY = {"type": "string", "contentEncoding": "base64"}
SHAPES = {
    "number": Shape({"type": "number"}),
    "text": Shape({"type": "string"}),
    "day": Shape({"type": "string", "format": "date"}),
    "geometry": Shape({"type": "object", "format": "geojson-geometry"}),
    "anything": Shape({}),
    "either": Shape({"oneOf": [{"type": "string"}, {"type": "number"}]}),
    "many": Shape({"type": "number"}, takes_many=True),
    "binary": Shape(BINARY),
    "image": Shape(
        {"oneOf": [{**BINARY, "contentMediaType": "image/png"}, {**BINARY, "contentMediaType": "image/tiff"}]}
    ),
    "layer": Shape({"oneOf": [{**BINARY, "contentMediaType": "image/tiff"}, {"type": "object"}]}),
}


def read(*texts: str) -> Any:
    return read_assignments(texts, SHAPES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("number=5", 5),
        ("number=-2.5", -2.5),
        ("number=five", "five"),
        ("text=5", "5"),
        ("text=", ""),
        ("text={a: 1}", "{a: 1}"),
        ("text=a=b", "a=b"),
        ("day=2026-01-31", "2026-01-31"),
        ('geometry={"type": "Point"}', {"type": "Point"}),
        ('geometry={"href": "https://example.org/a"}', {"href": "https://example.org/a"}),
        ("anything=true", True),
        ("anything=yes", "yes"),
        ("anything={no", "{no"),
        ("either=5", 5),
        ("either=five", "five"),
        ("many=1", 1),
        ("many=[1, 2]", [1, 2]),
        ("number=@https://example.org/five.json", {"href": "https://example.org/five.json"}),
        ("unknown=1", 1),
    ],
)
def test_a_value_is_text_where_the_input_takes_text_alone_and_else_json(text: str, value: Any) -> None:
    assert read(text) == {text.partition("=")[0]: value}


def test_several_values_of_a_name_are_a_list() -> None:
    assert read("many=1", "text=a", "many=2") == {"many": [1, 2], "text": "a"}


@pytest.mark.parametrize(
    ("name", "file", "content", "value"),
    [
        ("number", "n.json", b"5", 5),
        ("text", "t.txt", b"a\n", "a\n"),
        ("text", "t.json", b"[1]", "[1]"),
        ("geometry", "g.geojson", b'{"type": "Point"}', {"type": "Point"}),
        ("anything", "a.txt", b"a", "a"),
        ("binary", "b.bin", b"\0\xff", base64.b64encode(b"\0\xff").decode()),
        ("binary", "b.json", b"[]", base64.b64encode(b"[]").decode()),
        ("image", "i.tiff", b"II", {"value": base64.b64encode(b"II").decode(), "mediaType": "image/tiff"}),
        ("image", "i", b"II", base64.b64encode(b"II").decode()),
        ("layer", "l.json", b"{}", {}),
    ],
)
def test_a_file_is_read_as_its_input_takes_it(name: str, file: str, content: bytes, value: Any, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(content)
    assert read(f"{name}=@{tmp_path / file}") == {name: value}


def test_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[1]")))
    assert read("many=@-") == {"many": [1]}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["number=1", "number=2", "day=a", "day=b"], ["takes one value, 2 came", "takes one value, 2 came"]),
        (["geometry={type: Point}", "number=[1"], ["the value is not JSON: ", "the value is not JSON: "]),
        (["number=@wrong.json"], ["wrong.json is not JSON: "]),
        (["anything=@wrong.json"], ["wrong.json is not JSON: "]),
        (["text=@noise.bin"], ["noise.bin is not text in UTF-8"]),
    ],
)
def test_what_cannot_be_meant_is_a_complaint_with_its_path(
    texts: list[str], said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.json").write_text("{")
    Path("noise.bin").write_bytes(b"\xff")
    with pytest.raises(InvalidRequest) as caught:
        read(*texts)
    names = list(dict.fromkeys(text.partition("=")[0] for text in texts))
    assert [complaint.path for complaint in caught.value.complaints] == [f"$.inputs.{name}" for name in names]
    for complaint, words in zip(caught.value.complaints, said, strict=True):
        assert complaint.message.startswith(words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("number", "'number': inputs are written name=value, or name=@file"),
        ("=5", "'=5': inputs are written name=value, or name=@file"),
        ("number=@no.json", "number: no.json cannot be read: No such file or directory"),
    ],
)
def test_what_is_no_assignment_is_a_mistake_in_the_call(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value) == said


def test_shapes_come_from_what_a_server_publishes() -> None:
    description = {
        "inputs": {
            "a": {"schema": {"type": "number"}, "maxOccurs": "unbounded"},
            "b": {"schema": {"type": "string"}, "minOccurs": 1},
            "c": {},
        }
    }
    assert published_shapes(description) == {
        "a": Shape({"type": "number"}, takes_many=True),
        "b": Shape({"type": "string"}),
        "c": Shape({}),
    }
    assert published_shapes({}) == {}
