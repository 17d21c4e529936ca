"""JSON with positions: the json module reads, a scan of the tokens tells where everything stands."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, NamedTuple

from .positions import TEXTS, Flaw, Malformed, Position, Reading, Where, unpublishable

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
DEEPEST = 100


class _Token(NamedTuple):
    text: str
    position: Position


def read_json(text: str) -> Reading:
    """Raises Malformed with every duplicate key and impossible number, or with the one error that ends it."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed([Flaw(Position(error.lineno, error.colno), error.msg)]) from None
    except (RecursionError, ValueError) as error:
        raise Malformed([Flaw(Position(1, 1), _why(error))]) from None
    scan = _Scan(text)
    data = scan.value(())
    if scan.flaws:
        raise Malformed(scan.flaws)
    return Reading(data, scan.keys, scan.values)


def _why(error: Exception) -> str:
    return f"nested more than {DEEPEST} deep" if isinstance(error, RecursionError) else str(error)


def _tokens(text: str) -> Iterator[_Token]:
    starts = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
    for match in TOKEN.finditer(text):
        line = bisect_right(starts, match.start())
        yield _Token(match[0], Position(line, match.start() - starts[line - 1] + 1))


class _Scan:
    """Walks tokens that are known to be valid JSON."""

    def __init__(self, text: str) -> None:
        self.keys: dict[Where, Position] = {}
        self.values: dict[Where, Position] = {}
        self.flaws: list[Flaw] = []
        self._tokens = _tokens(text)

    def value(self, where: Where) -> Any:
        return self._value(next(self._tokens), where)

    def _value(self, token: _Token, where: Where) -> Any:
        if len(where) > DEEPEST:
            raise Malformed([Flaw(token.position, f"nested more than {DEEPEST} deep")])
        self.values.setdefault(where, token.position)
        match token.text:
            case "{":
                return self._object(where)
            case "[":
                return self._array(where)
            case _:
                return self._scalar(token, where)

    def _object(self, where: Where) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while (token := next(self._tokens)).text != "}":
            if token.text == ",":
                continue
            key = json.loads(token.text)
            next(self._tokens)  # the colon
            if key in data:
                first = self.keys[*where, key].line
                what = f'the key "{key}" is written twice; the first is in line {first}'
                self.flaws.append(Flaw(token.position, what))
            self.keys.setdefault((*where, key), token.position)
            data[key] = self.value((*where, key))
        return data

    def _array(self, where: Where) -> list[Any]:
        data: list[Any] = []
        while (token := next(self._tokens)).text != "]":
            if token.text != ",":
                data.append(self._value(token, (*where, len(data))))
        return data

    def _scalar(self, token: _Token, where: Where) -> Any:
        value = json.loads(token.text)
        if where in TEXTS and isinstance(value, int | float) and not isinstance(value, bool):
            return token.text
        if why := unpublishable(value):
            self.flaws.append(Flaw(token.position, why))
        return value
