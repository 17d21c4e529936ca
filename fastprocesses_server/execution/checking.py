"""What is wrong with a value, by its schema; in little time, however much is wrong."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import jsonschema_rs

from ..errors import MOST_COMPLAINTS, Complaint
from ..json_path import json_path

LONGEST_MESSAGE = 300
MOST_VALUES = 5_000
"""In what is looked at for reasons: jsonschema-rs lists every error at once, for minutes where there are millions."""

Place = tuple[str | int, ...]


def faults(validator: jsonschema_rs.Draft202012Validator, value: Any, path: str) -> Iterator[Complaint]:
    """None for a value that fits; one at least for any other. Whether it fits is found out in the whole of it."""
    if validator.is_valid(value):
        return
    sample = Sample(MOST_VALUES)
    looked_at = sample.of(value)
    found = (error for error in validator.iter_errors(looked_at) if tuple(error.instance_path) not in sample.cut)
    has_fault = False
    for error in islice(found, MOST_COMPLAINTS):
        has_fault = True
        yield Complaint(json_path(*error.instance_path, base=path), _end_of(error.message))
    if not has_fault:
        yield Complaint(path, f"does not fit the schema; it has too many values to say why, over {MOST_VALUES}")


def _end_of(message: str) -> str:
    """It begins with the value, and says what is wrong after it."""
    return message if len(message) <= LONGEST_MESSAGE else f"… {message[-LONGEST_MESSAGE:]}"


class Sample:
    """The first values of a large one. What is wrong here is so in the whole, but for the places in `cut`, where or
    below which something is missing.
    """

    def __init__(self, most: int) -> None:
        self.left = most
        self.cut: set[Place] = set()

    def of(self, value: Any, place: Place = ()) -> Any:
        self.left -= 1
        match value:
            case list():
                return [self.of(item, (*place, index)) for index, item in enumerate(self._first(value, place))]
            case dict():
                return {name: self.of(value[name], (*place, name)) for name in self._first(value, place)}
            case _:
                return value

    def _first(self, items: Any, place: Place) -> Iterator[Any]:
        for item in items:
            if self.left <= 0:
                self.cut |= {place[:length] for length in range(len(place) + 1)}
                return
            yield item
