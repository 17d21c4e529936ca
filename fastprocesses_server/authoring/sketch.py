"""The first text of a description file: what its callable says in comments, and what it leaves open to be written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.alias_generators import to_camel

from ..processes.annotations import RETURN
from ..processes.merging import UNKNOWN_VERSION
from ..processes.reports import RESULT, Found
from ..processes.signature import input_parameters
from .suggestions import GEOMETRY, sample, suggested_schema
from .yaml_writer import ordered, yaml_lines

Members = dict[str, Any]

WRITE = "# WRITE"
LOOK = "# LOOK OVER"
LEFT_OUT = "# left out, as nothing says what it takes"
GEOMETRY_NOTE = "; it gets a dict of GeoJSON, and needs a function around it if it wants an object of its own"
TEXTS = ("title", "description")
HEADER = """\
# yaml-language-server: $schema={schema}
#
# What stands in comments is published as it is; remove the `# ` before a member to say something else.
# `fastprocesses-server check` tells what is missing or wrong.
"""
COMPLETE = "# The line with `callable` alone would do."
STUBS = "# What the callable does not say is marked WRITE, what only its docstring or a default suggests LOOK OVER."
REST = """\
# run:
#   timeLimit: {soft: 10min, hard: 15min}
#   attempts: 3
# results:
#   cache: 24h
"""


@dataclass(frozen=True, slots=True)
class Described:
    """One input or output: `mark` says what is to be done, and is empty where everything follows from the callable."""

    name: str
    members: Members
    mark: str = ""
    is_left_out: bool = False
    """Nobody says what it takes, and it need not be given."""

    @property
    def schema(self) -> Members:
        schema: Members = self.members.get("schema", {})
        return schema

    @property
    def is_commented(self) -> bool:
        return not self.mark or self.is_left_out

    def lines(self) -> Iterator[str]:
        """The mark stands above the schema, which is empty where nobody knows it."""
        texts = {name: self.members[name] for name in TEXTS if name in self.members}
        others = {name: value for name, value in self.members.items() if name not in texts}
        rest = {name: ordered(value) if name == "schema" else value for name, value in others.items()}
        yield f"  {self.name}:" + (f"  {LEFT_OUT}" if self.is_left_out else "")
        yield from _indented(texts)
        if self.mark and not self.is_left_out:
            yield f"    {self.mark}"
        yield from [] if "schema" in rest else ["    schema:"]
        yield from _indented(rest)


def _indented(members: Members) -> Iterator[str]:
    return (f"    {line}".rstrip() for line in yaml_lines(members))


@dataclass(frozen=True, slots=True)
class Sketch:
    text: str
    marks: int

    @property
    def state(self) -> str:
        places = "1 place" if self.marks == 1 else f"{self.marks} places"
        return f"{places} to write or to look over" if self.marks else "complete"


def sketch(dotted: str, found: Found, process_id: str, schema_link: str) -> Sketch:
    """The text, and how many places of it have to be written or looked over."""
    inputs, outputs = list(_inputs(found)), list(_outputs(found))
    described = [*inputs, *outputs]
    marks = [one for one in described if one.mark and not one.is_left_out]
    lines = [
        HEADER.format(schema=schema_link).rstrip("\n"),
        STUBS if marks else COMPLETE,
        f"callable: {dotted}",
        *_commented(_process(found, process_id)),
        *_side("inputs", inputs),
        *_side("outputs", outputs),
        *_commented(_examples(described=inputs)),
        REST.rstrip("\n"),
    ]
    return Sketch("\n".join(lines) + "\n", len(marks))


def _process(found: Found, process_id: str) -> list[str]:
    options = {
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value", "reference"],
    }
    said = {to_camel(name): value for name, value in found.texts.items()}
    texts = {name: value for name, value in said.items() if name not in options}
    version = found.version or UNKNOWN_VERSION
    return yaml_lines({"id": process_id, "version": version, **texts, **options, **_part(said, options)})


def _part(members: Members, names: Iterable[str]) -> Members:
    return {name: members[name] for name in names if name in members}


def _commented(lines: Iterable[str], indent: str = "") -> Iterator[str]:
    return (f"{indent}# {line.removeprefix(indent)}".rstrip() for line in lines)


def _side(side: str, described: list[Described]) -> Iterator[str]:
    if all(one.is_commented for one in described):
        yield from _commented([f"{side}:", *(line for one in described for line in one.lines())])
        return
    yield f"{side}:"
    for one in described:
        yield from _commented(one.lines(), "  ") if one.is_commented else one.lines()


def _inputs(found: Found) -> Iterator[Described]:
    for parameter in input_parameters(found, {}):
        if parameter.name in found.inputs:
            yield Described(parameter.name, found.inputs[parameter.name])
        else:
            yield _unclear(found, parameter.name, is_required=parameter.required)


def _outputs(found: Found) -> Iterator[Described]:
    for name, members in found.outputs.items():
        yield Described(name, members)
    if RETURN in found.unclear:
        yield _unclear(found, RETURN, is_required=True)


def _unclear(found: Found, name: str, *, is_required: bool) -> Described:
    documented = found.documented.get(name, {})
    schema = suggested_schema(documented)
    texts = {"description": documented["description"]} if "description" in documented else {}
    shown = RESULT if name == RETURN else name
    least = {} if is_required or (schema and "default" in schema) else {"minOccurs": 0}
    if schema:
        return Described(shown, {**texts, "schema": schema, **least}, _look_over(documented, schema))
    if not is_required:
        example: Members = {**texts, "schema": {"type": "number"}, **least}
        return Described(shown, example, WRITE, is_left_out=True)
    reason = found.unclear.get(name, "is unknown to Python")
    place = f" ({found.place})" if found.place else ""
    mark = f"{WRITE} {_what(name)}, for example {{type: number}}: it {reason}{place}"
    return Described(shown, texts, mark)


def _what(name: str) -> str:
    return "what the callable returns" if name == RETURN else f'what "{name}" takes'


def _look_over(documented: Mapping[str, Any], schema: Members) -> str:
    kind = documented.get("type")
    said = f'the docstring says "{kind}"' if kind else f"the default is {documented['default']!r}"
    note = GEOMETRY_NOTE if schema.items() >= GEOMETRY.items() else ""
    return f"{LOOK}: {said}{note}".replace("\n", " ")


def _examples(described: list[Described]) -> list[str]:
    """One, where values are at hand for everything that must be sent."""
    needed = [one for one in described if one.members.get("minOccurs") != 0 and "default" not in one.schema]
    values = {one.name: sample(one.schema) for one in needed if one.schema}
    if not values or len(values) < len(needed) or None in values.values():
        return []
    return yaml_lines({"examples": {"first": {"inputs": values}}})
