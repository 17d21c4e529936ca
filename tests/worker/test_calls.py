"""One call of a callable."""

import functools

import pytest

from fastprocesses_server.worker.calls import call


def told(a: int | None = None, b: int = 2, /, c: int = 3, *, d: int = 4) -> tuple[object, ...]:
    return (a, b, c, d)


@pytest.mark.parametrize(
    ("arguments", "got"),
    [
        ({}, (None, 2, 3, 4)),
        ({"b": 5}, (None, 5, 3, 4)),
        ({"a": 5}, (5, 2, 3, 4)),
        ({"d": 7, "b": 6, "a": 5}, (5, 6, 3, 7)),
        ({"c": 5}, (None, 2, 5, 4)),
    ],
)
def test_parameters_by_position_keep_their_places(arguments: dict[str, int], got: tuple[object, ...]) -> None:
    assert call(told, ["a", "b"], arguments) == got


def test_of_a_partial_the_defaults_are_its_own() -> None:
    assert call(functools.partial(told, 1), ["b"], {"b": 5}) == (1, 5, 3, 4)
