"""Whole numbers arrive as integers where the schema asks for them, and nothing else is touched."""

from typing import Any

import pytest
from upper import make_process

from fastprocesses_server.execution.inputs import InputsReader, integers_in

INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}


def read(schema: dict[str, Any], value: Any) -> Any:
    process = make_process(inputs={"value": {"schema": schema}})
    return InputsReader(process).read({"value": value}, {})["value"]


@pytest.mark.parametrize(
    ("schema", "sent", "read_as"),
    [
        (INTEGER, 2.0, 2),
        (NUMBER, 2.0, 2.0),
        ({"type": "array", "items": {"type": "array", "items": INTEGER}}, [[1.0, 2], []], [[1, 2], []]),
        ({"type": "object", "properties": {"a": INTEGER, "b": NUMBER}}, {"a": 1.0, "b": 1.0}, {"a": 1, "b": 1.0}),
        ({"type": "object", "properties": {"a": INTEGER}}, {"b": 1.0}, {"b": 1.0}),
        ({"type": ["array", "object"], "items": INTEGER, "properties": {"a": INTEGER}}, [1.0], [1]),
        ({"type": ["array", "object"], "items": INTEGER, "properties": {"a": INTEGER}}, {"a": 1.0}, {"a": 1}),
    ],
)
def test_whole_numbers_are_integers_where_the_schema_says_so(schema: dict[str, Any], sent: Any, read_as: Any) -> None:
    assert repr(read(schema, sent)) == repr(read_as)


def test_a_schema_without_integers_leads_nowhere() -> None:
    assert integers_in({"type": "array", "items": {"type": "object", "properties": {"x": NUMBER}}}) == {}


def test_what_was_sent_stays_as_it_is() -> None:
    sent = {"a": 1.0}
    read({"type": "object", "properties": {"a": INTEGER}}, sent)
    assert repr(sent) == repr({"a": 1.0})
