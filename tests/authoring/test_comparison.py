"""Outputs compared with what an example names."""

from typing import Any

import pytest

from fastprocesses_server.authoring.comparison import differences


def said(expected: Any, got: Any) -> list[str]:
    return [str(difference) for difference in differences({"result": expected}, {"result": got})]


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ({}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}),
        ([{"a": 1}, {}], [{"a": 1, "b": 2}, {"c": 3}]),
        (0.3, 0.1 + 0.2),
        (0, 1e-13),
        (2, 2.0),
        (None, None),
        ("aGk=", b"hi"),
        ("hi", b"hi"),
        ("é", "é"),
    ],
)
def test_what_is_not_named_is_free(expected: Any, got: Any) -> None:
    assert said(expected, got) == []


@pytest.mark.parametrize(
    ("expected", "got", "text"),
    [
        (1, 2, "result: expected 1, got 2"),
        (1, True, "result: expected 1, got true"),
        (1, "1", 'result: expected 1, got "1"'),
        (0.3, 0.30000001, "result: expected 0.3, got 0.30000001"),
        ({"a": {"b": 1}}, {"a": {}}, "result.a.b: expected 1, got nothing"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "result.a[0].b: expected 1, got 2"),
        ({"a": 1}, [], 'result: expected {"a": 1}, got []'),
        ([1, 2], [1], "result: expected 2 items, got 1: [1]"),
        (None, 1, "result: expected null, got 1"),
        ("hi", b"ho", 'result: expected "hi", got 2 bytes, in base64 aG8='),
        ("x", "y" * 200, 'result: expected "x", got "' + "y" * 99 + " …"),
    ],
)
def test_what_differs_is_named_by_its_path(expected: Any, got: Any, text: str) -> None:
    assert said(expected, got) == [text]


def test_every_difference_is_told() -> None:
    assert len(said({"a": 1, "b": [1, 2]}, {"a": 2, "b": [2, 1]})) == 3


def test_an_output_without_a_value_is_null() -> None:
    assert not list(differences({"result": None}, {}))
    assert [str(one) for one in differences({"result": 1}, {})] == ["result: expected 1, got nothing"]
