"""From the values of an execution to those that a callable gets, and back."""

import dataclasses
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, Field

from fastprocesses_server.worker.arguments import Conversion


def nowhere() -> Path:
    raise AssertionError("no file is needed")


def test_text_within_a_value_never_becomes_a_path() -> None:
    def run(files: dict[str, Path]) -> int: ...

    sent: dict[str, Any] = {"files": {"a": "/etc/passwd"}}
    assert Conversion(run).arguments(sent, nowhere) == sent


def test_fields_of_pydantic_are_their_defaults() -> None:
    def run(a: int = Field(5, ge=1), b: list[int] = Field(default_factory=list), c: int = Field()) -> int: ...  # noqa: B008

    conversion = Conversion(run)
    assert conversion.arguments({"c": 1}, nowhere) == {"a": 5, "b": [], "c": 1}
    assert conversion.arguments({"a": 6, "b": [1], "c": 1}, nowhere) == {"a": 6, "b": [1], "c": 1}
    assert conversion.arguments({"c": 1}, nowhere)["b"] is not conversion.arguments({"c": 1}, nowhere)["b"]


@dataclasses.dataclass
class Statistics:
    mean: float
    counts: list[int]


class Chunk(BaseModel):
    data: bytes


class Message(BaseModel):
    first: Chunk
    others: list[Chunk] = []
    answer: "Message | None" = None


def test_bytes_in_classes_that_occur_again_and_again_travel_as_base64() -> None:
    def run(x: Message) -> list[Message]: ...

    sent: dict[str, Any] = {"first": {"data": "/w=="}, "others": [{"data": "AA=="}], "answer": None}
    sent["answer"] = {**sent}
    message = Conversion(run).arguments({"x": sent}, nowhere)["x"]
    assert (message.first.data, message.others[0].data, message.answer.first.data) == (b"\xff", b"\0", b"\xff")
    assert Conversion(run).plain([message]) == [sent]


NUMPY = [
    (int, np.array([1, 2]).sum(), 3),
    (bool, np.array([1]).all(), True),
    (float, np.float32(1.5), 1.5),
    (list[float], np.array([1.0, 2.0]), [1.0, 2.0]),
    (list[float], [np.float32(1.5)], [1.5]),
    (list[list[float]], np.eye(2), [[1.0, 0.0], [0.0, 1.0]]),
    (dict[str, list[int]], {"a": np.arange(3)}, {"a": [0, 1, 2]}),
    (tuple[float, float], np.zeros(2), [0.0, 0.0]),
    (Statistics, Statistics(np.float32(1.5), np.arange(2)), {"mean": 1.5, "counts": [0, 1]}),  # type: ignore[arg-type]
    (list[Statistics], [Statistics(1.5, np.arange(2))], [{"mean": 1.5, "counts": [0, 1]}]),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("annotation", "returned", "plain"), NUMPY)
def test_numbers_and_arrays_of_numpy_are_what_the_annotation_says(annotation: Any, returned: Any, plain: Any) -> None:
    def run() -> Any: ...

    run.__annotations__["return"] = annotation
    assert Conversion(run).plain(returned) == plain


def test_what_comes_one_by_one_is_a_list() -> None:
    def run(x: Iterator[datetime.date]) -> Iterator[datetime.date]:
        yield from (day.replace(year=2027) for day in x)

    conversion = Conversion(run)
    arguments = conversion.arguments({"x": ["2026-01-02", "2026-03-04"]}, nowhere)
    assert conversion.plain(run(**arguments)) == ["2027-01-02", "2027-03-04"]


def test_what_is_not_what_the_annotation_says_comes_as_it_is() -> None:
    def run() -> list[int]: ...

    returned = [object()]
    assert Conversion(run).plain(returned) is returned
