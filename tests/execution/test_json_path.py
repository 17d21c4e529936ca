"""Paths say where a value is, whatever its name."""

from hypothesis import given
from hypothesis import strategies as st

from fastprocesses_server.json_path import json_path, steps_of


def test_names_that_a_dot_would_not_set_off_stand_in_brackets() -> None:
    assert json_path("inputs", "größe-1", 0, "x_y") == "$.inputs.größe-1[0].x_y"
    assert json_path("inputs", "a.b", "it's \\", "") == r"$.inputs['a.b']['it\'s \\']['']"
    assert json_path("b", base="$.a") == "$.a.b"


@given(st.lists(st.text() | st.sampled_from(["a.b", "'", "\\", "['x']", "", "0"]) | st.integers(0, 9)))
def test_a_path_leads_back_to_its_steps(steps: list[str | int]) -> None:
    assert list(steps_of(json_path(*steps))) == steps
