"""YAML by the rules of version 1.2, with positions: `no` is a string, `014` is 14, dates are strings."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from .positions import TEXTS, Flaw, Malformed, Position, Reading, Where, unpublishable

TAG = "tag:yaml.org,2002:"
CORE_SCHEMA = (
    ("null", re.compile(r"~|null|Null|NULL|")),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("int", re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")),
    ("float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")),
    ("float", re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")),
    ("merge", re.compile(r"<<")),
)
ANOTHER = "but found another document"
DEEPEST = 100
MOST_REPEATED = 100_000


class _Loader(yaml.CBaseLoader):
    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return TAG + ("map" if kind is yaml.MappingNode else "seq")
        plain = bool(implicit[0])
        return TAG + next((tag for tag, rule in CORE_SCHEMA if plain and rule.fullmatch(value or "")), "str")


def read_yaml(text: str) -> Reading:
    """Raises Malformed with every duplicate key and unknown tag, or with the one error that ends it."""
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise Malformed([_syntax_flaw(error, text)]) from None
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode(errors="ignore")
        at = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise Malformed([Flaw(at, str(error.reason))]) from None
    walk = _Walk()
    data = walk.value(node, ()) if node else None
    if walk.flaws:
        raise Malformed(walk.flaws)
    return Reading(data, walk.keys, walk.values)


def _check_depth(text: str) -> None:
    """The C composer recurses: a hundred thousand open brackets would end the interpreter."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise Malformed([Flaw(_position(event.start_mark), f"nested more than {DEEPEST} deep")])


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _syntax_flaw(error: yaml.MarkedYAMLError, text: str) -> Flaw:
    lines = text.split("\n")
    mark = error.problem_mark
    # What misses its end is found missing at the end of the file; it is mended where it begins.
    if error.context_mark and (mark is None or not "".join(lines[mark.line :]).strip()):
        return Flaw(_position(error.context_mark), f"{error.context}: {error.problem}")
    position = _position(mark)
    if "\t" in lines[position.line - 1][: position.column][-1:]:
        return Flaw(position, "a tab: YAML is indented with spaces")
    if error.problem == ANOTHER:
        return Flaw(position, "another document begins here; a description file is one, remove the `---`")
    return Flaw(position, str(error.problem))


class _Walk:
    """From nodes to data. An alias is walked at each of its places, so that each has its positions."""

    def __init__(self) -> None:
        self.keys: dict[Where, Position] = {}
        self.values: dict[Where, Position] = {}
        self.flaws: list[Flaw] = []
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._repeated = 0

    def value(self, node: yaml.Node, where: Where) -> Any:
        self.values.setdefault(where, _position(node.start_mark))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        if node.tag not in {TAG + "map", TAG + "seq"}:
            return self._unknown_tag(node)
        self._count(node)
        self._open.add(id(node))
        walk = self._mapping if isinstance(node, yaml.MappingNode) else self._sequence
        data = walk(node, where)
        self._open.discard(id(node))
        return data

    def _count(self, node: yaml.Node) -> None:
        if id(node) in self._open:
            raise Malformed([Flaw(_position(node.start_mark), "this contains itself by an alias")])
        self._repeated += len(node.value) if id(node) in self._seen else 0
        self._seen.add(id(node))
        if self._repeated > MOST_REPEATED:
            raise Malformed([Flaw(_position(node.start_mark), "aliases repeat this too many times")])

    def _flaw(self, node: yaml.Node, what: str) -> None:
        self.flaws.append(Flaw(_position(node.start_mark), what))

    def _unknown_tag(self, node: yaml.Node) -> None:
        self._flaw(node, f"the tag {node.tag.replace(TAG, '!!')} is not understood; leave it out")

    def _sequence(self, node: yaml.Node, where: Where) -> list[Any]:
        return [self.value(item, (*where, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.Node, where: Where) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in self._own_pairs(node):
            if key.value in data:
                first = self.keys[*where, key.value].line
                self._flaw(key, f'the key "{key.value}" is written twice; the first is in line {first}')
                continue
            self.keys[*where, key.value] = _position(key.start_mark)
            data[key.value] = self.value(value, (*where, key.value))
        for key, value in self._merged_pairs(node):
            if key.value not in data:
                self.keys[*where, key.value] = _position(key.start_mark)
                data[key.value] = self.value(value, (*where, key.value))
        return data

    def _own_pairs(self, node: yaml.Node) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._flaw(key, "a key must be plain text")
            elif key.tag != TAG + "merge":
                yield key, value

    def _merged_pairs(self, node: yaml.Node) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        """Members of the mappings that `<<` names; of several, the first that has the key wins."""
        for key, value in node.value:
            if key.tag != TAG + "merge":
                continue
            for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(merged, yaml.MappingNode):
                    self._count(merged)
                    self._open.add(id(merged))
                    yield from self._own_pairs(merged)
                    yield from self._merged_pairs(merged)
                    self._open.discard(id(merged))
                else:
                    self._flaw(merged, "<< takes a mapping, or a list of mappings")

    def _scalar(self, node: yaml.ScalarNode, where: Where) -> Any:
        text: str = node.value
        kind = node.tag.removeprefix(TAG)
        if kind in {"str", "merge"} or (where in TEXTS and kind in {"int", "float"}):
            return text
        rules = [rule for tag, rule in CORE_SCHEMA if tag == kind]
        if not rules:
            return self._unknown_tag(node)
        if not any(rule.fullmatch(text) for rule in rules):
            return self._flaw(node, f'"{text}" is no {kind}')
        value = _CONSTRUCT[kind](text)
        if why := unpublishable(value):
            self._flaw(node, why)
        return value


def _int(text: str) -> int:
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _float(text: str) -> float:
    return float(re.sub(r"\.(?=inf|nan)", "", text.lower()))


_CONSTRUCT = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _int,
    "float": _float,
}
