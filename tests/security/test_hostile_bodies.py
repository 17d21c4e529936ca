"""Bodies that are made to keep the server busy, or to be said back to everybody."""

import time
from typing import Any

import orjson
import pytest
from upper import make_process

from fastprocesses_server.errors import InvalidRequest
from fastprocesses_server.execution.checking import MOST_VALUES, faults
from fastprocesses_server.execution.request import RequestReader, parse
from fastprocesses_server.processes.schemas import compile_schema

TEXTS = {"text": {"schema": {"type": "array", "items": {"type": "string"}}}}
SEVERAL = {"text": {"maxOccurs": "unbounded", "schema": {"type": "string"}}}
CHOICE = {"text": {"schema": {"anyOf": [{"type": "array", "items": {"type": "object"}}, {"type": "string"}]}}}
WRONG = list(range(300_000))


def nested(opened: str, closed: str, depth: int) -> bytes:
    return b'{"inputs": {"text": ' + opened.encode() * depth + b"1" + closed.encode() * depth + b"}}"


def number(written: bytes) -> bytes:
    return b'{"inputs": {"text": ' + written + b"}}"


BODIES: dict[str, tuple[Any, bytes, str]] = {
    "names of inputs": (None, orjson.dumps({"inputs": dict.fromkeys(map(str, WRONG), 1)}), "has no such input"),
    "names of outputs": (None, orjson.dumps({"outputs": {str(n): {} for n in WRONG}}), "has no such output"),
    "a long input": (None, orjson.dumps({"inputs": {"t" * 5_000_000: 1}}), "has no such input"),
    "a long output": (None, orjson.dumps({"outputs": {"t" * 5_000_000: {}}}), "has no such output"),
    "a long media type": (
        None,
        orjson.dumps({"inputs": {"text": {"value": "x", "mediaType": "t" * 5_000_000}}}),
        "media type tttt",
    ),
    "wrong items": (TEXTS, orjson.dumps({"inputs": {"text": WRONG}}), "is not of type"),
    "wrong values": (SEVERAL, orjson.dumps({"inputs": {"text": WRONG}}), "is not of type"),
    "wrong choices": (CHOICE, orjson.dumps({"inputs": {"text": WRONG}}), "too many values to say why"),
    "arrays 300 deep": (None, nested("[", "]", 300), "nested more than 240 deep"),
    "arrays a million deep": (None, nested("[", "]", 1_000_000), "depth limit exceeded"),
    "objects a million deep": (None, nested('{"a":', "}", 1_000_000), "depth limit exceeded"),
    "arrays never closed": (None, nested("[", "", 1_000_000), "depth limit exceeded"),
    "a million digits": (None, number(b"9" * 1_000_000), "number is infinity"),
    "a huge exponent": (None, number(b"1e999999999"), "number is infinity"),
    "a tiny exponent": (None, number(b"1e-999999999"), "0.0 is not of type"),
    "a million decimals": (None, number(b"0." + b"1" * 1_000_000), "is not of type"),
    "not a number": (None, number(b"NaN"), "is not JSON"),
    "half a pair": (None, number(rb'"\ud800"'), "is not JSON"),
    "null bytes": (None, b"\0" * 1_000_000, "is not JSON"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_refused_soon_and_shortly(name: str) -> None:
    inputs, body, reason = BODIES[name]
    reader = RequestReader(make_process(**({"inputs": inputs} if inputs else {})))
    begun = time.process_time()
    with pytest.raises(InvalidRequest) as refused:
        reader.read(parse(body))
    spent = time.process_time() - begun
    problem = orjson.dumps(refused.value.document("/"))
    assert reason in refused.value.detail
    assert len(problem) < 50_000
    assert spent < 5, "of a second where nobody else is busy"
    assert 1 <= len(refused.value.complaints) <= 100


def test_integers_that_are_too_long_for_64_bits_stay_numbers() -> None:
    process = make_process(inputs={"text": {"schema": {"type": "integer"}}})
    for written in (b"18446744073709551616", b"1e308", b"-1e308"):
        execution = RequestReader(process).read(parse(number(written)))
        assert execution.inputs["text"] == float(written)
        assert execution.key


SCHEMA = {
    "type": "object",
    "minProperties": 2,
    "properties": {"rows": {"type": "array", "minItems": 2 * MOST_VALUES, "items": {"type": "integer"}}},
}


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ({"rows": [1] * 3 * MOST_VALUES, "n": 1}, []),
        ({"rows": ["a", 1, "b"] + [1] * 3 * MOST_VALUES, "n": 1}, ["$.rows[0]", "$.rows[2]"]),
        ({"rows": [1] * 3 * MOST_VALUES + ["a"], "n": 1}, ["$"]),
        ({"rows": [1, "a"], "n": 1}, ["$.rows", "$.rows[1]"]),
        ({"rows": [1] * 3 * MOST_VALUES}, ["$"]),
    ],
    ids=["right", "wrong at the head", "wrong at the end", "small", "too few members"],
)
def test_what_is_said_of_a_large_value_is_so(value: Any, places: list[str]) -> None:
    found = list(faults(compile_schema(SCHEMA), value, "$"))
    assert sorted(fault.path for fault in found) == places
