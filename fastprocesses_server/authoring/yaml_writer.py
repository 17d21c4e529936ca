"""Data as YAML for people, such that our reader reads the same data."""

from typing import Any

import yaml

from ..processes.keywords import rebuilt
from ..processes.yaml_reader import CORE_SCHEMA, TAG

WIDTH = 100
SHORT = 70
"""What is written with no more characters stands on one line."""

BREAKS = frozenset("\r\x85\u2028\u2029")
"""Other ends of lines than ours, which YAML would take for the same."""


class _Dumper(yaml.SafeDumper):
    """Lists are indented below their names, and an alias would be a riddle."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _data: Any) -> bool:
        return True

    def serialize(self, node: yaml.Node) -> None:
        _choose_style(node)
        if isinstance(node, yaml.MappingNode) and node.value:
            node.flow_style = False
        super().serialize(node)


def _choose_style(node: yaml.Node, *, in_schema: bool = False) -> int:
    """How many characters it takes on one line; what holds mappings has lines for them, but for short schemas."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + (SHORT if node.style == "|" else 2)
    parts: list[yaml.Node] = []
    length = 0
    for item in node.value:
        key, value = item if isinstance(item, tuple) else (None, item)
        is_schema = in_schema or (key is not None and key.value == "schema")
        length += (len(key.value) + 2 if key else 0) + _choose_style(value, in_schema=is_schema)
        parts.append(value)
    if not in_schema and any(isinstance(part, yaml.MappingNode) and part.value for part in parts):
        length = max(length, SHORT + 1)
    if isinstance(node, yaml.CollectionNode):
        node.flow_style = length <= SHORT
    return length


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """PyYAML knows what YAML 1.1 takes for numbers, not what 1.2 does."""
    is_other = any(rule.fullmatch(text) for _, rule in CORE_SCHEMA)
    style = '"' if BREAKS & set(text) else "|" if "\n" in text else "'" if is_other else None
    return dumper.represent_scalar(TAG + "str", text, style=style)


_Dumper.add_representer(str, _text)


def write_yaml(data: Any) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def yaml_lines(data: Any) -> list[str]:
    return write_yaml(data).rstrip("\n").split("\n") if data else []


def ordered(schema: Any) -> Any:
    """With the type of a schema first, as people begin with it."""
    if not isinstance(schema, dict):
        return schema
    first = [name for name in ("title", "description", "type", "format") if name in schema]
    return rebuilt({name: schema[name] for name in [*first, *schema]}, ordered)
