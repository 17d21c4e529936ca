"""What an example expects of outputs, compared with what came: member by member, what is not named is free."""

import base64
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..processes.positions import Where

RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""Numbers this near are equal."""

LONGEST = 100
"""Characters of a value that is shown."""


class Nothing:
    """There is no such member."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = Nothing()


@dataclass(frozen=True, slots=True)
class Difference:
    """`where` begins with the name of the output."""

    where: Where
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{as_path(self.where)}: expected {self.expected}, got {self.got}"


def as_path(where: Where) -> str:
    """`result.features[0].type`"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).removeprefix(".")


def differences(expected: Any, got: Any, where: Where = ()) -> Iterator[Difference]:
    """None where what came has everything that is expected."""
    match expected:
        case dict() if isinstance(got, Mapping):
            for name, member in expected.items():
                yield from differences(member, got.get(name, NOTHING), (*where, name))
        case list() if isinstance(got, list) and len(got) == len(expected):
            for index, (item, other) in enumerate(zip(expected, got, strict=True)):
                yield from differences(item, other, (*where, index))
        case list() if isinstance(got, list):
            yield Difference(where, f"{len(expected)} items", f"{len(got)}: {_shown(got)}")
        case _ if not _is_equal(expected, got):
            yield Difference(where, _shown(expected), _shown(got))


def _is_equal(expected: Any, got: Any) -> bool:
    if isinstance(got, bytes):
        return isinstance(expected, str) and got in (_decoded(expected), expected.encode())
    if expected is None:
        return got is None or got is NOTHING
    if _is_number(expected) and _is_number(got):
        return math.isclose(expected, got, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(type(expected) is type(got) and expected == got)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        text = f"{len(value)} bytes, in base64 {base64.b64encode(value[:LONGEST]).decode()}"
    elif value is NOTHING:
        return "nothing"
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
