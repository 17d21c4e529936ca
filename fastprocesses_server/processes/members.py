"""Inputs and outputs of a process: what the file says of them, over what the callable says."""

from collections.abc import Mapping
from typing import Any

from .annotations import RETURN
from .complaints import FileComplaint
from .document import Document
from .keywords import rebuilt
from .positions import Where
from .reports import RESULT, Found, Parameter
from .schema_faults import schema_faults
from .schemas import compile_schema, json_types
from .signature import CALLABLE, WRAP, remedy, uncallable, untaken_inputs
from .suggestion import nearest

Members = dict[str, Any]

COMBINING = frozenset(["$ref", "allOf", "anyOf", "const", "enum", "oneOf", "type"])
"""Keywords by which a schema says of itself which values it admits."""


OF_OUTPUTS = "number, integer, string, boolean, array or object"
"""What an output may be. None is a guess that would work: a wrong one shows only when the process runs."""


class Merger:
    """The members of one description file and of its callable; what does not fit is in `complaints`."""

    def __init__(self, document: Document, found: Found) -> None:
        self.document = document
        self.found = found
        self.complaints: list[FileComplaint] = []

    def inputs(self, parameters: list[Parameter], declared: Mapping[str, Any]) -> dict[str, Members]:
        """By name, those of the file first; a parameter that may be left out is, where nothing says what it takes.

        What the callable does not take is left out: that is said elsewhere.
        """
        required = {parameter.name: parameter.required for parameter in parameters}
        inferred = {name: _sendable(self.found.inputs[name]) for name in required if name in self.found.inputs}
        merged: dict[str, Members] = {}
        untaken = untaken_inputs(self.found, declared)
        for name in [*declared, *(name for name in inferred if name not in declared)]:
            if name in untaken:
                continue
            where = ("inputs", name)
            merged[name] = self._merge(where, declared.get(name, {}), inferred.get(name, {}))
            if required.get(name) and _may_be_missing(merged[name]):
                what = f'the callable needs "{name}"{self._place}: minOccurs cannot be 0 without a default'
                self._complain((*where, "minOccurs"), what)
        return merged

    def outputs(self, declared: Mapping[str, Any] | None) -> dict[str, Members]:
        """By name. One output may have any name, as nothing else can be meant."""
        inferred = dict(self.found.outputs)
        if declared is None and RETURN in self.found.unclear and not uncallable(self.found):
            self._complain(CALLABLE, self._unclear_return())
        declared = declared or {}
        says_itself = self.found.request is not None  # the names of a class are its own, and may be incomplete
        if declared and set(inferred) == {RESULT} and RESULT not in declared and not says_itself:
            inferred = _renamed(inferred[RESULT], declared)
        merged: dict[str, Members] = {}
        for name in [*declared, *(name for name in inferred if name not in declared)]:
            if inferred and name not in inferred and not says_itself:
                what = f'the callable returns no "{name}"{self._place}; it returns {_quoted(inferred)}'
                self._complain(("outputs", name), what, at_key=True, hint=nearest(name, inferred))
                continue
            merged[name] = self._merge(("outputs", name), declared.get(name, {}), inferred.get(name, {}))
        return merged

    def _unclear_return(self) -> str:
        advice = remedy(self.found, f"`outputs: {{{RESULT}: {{schema: {{type: T}}}}}}`, where T is {OF_OUTPUTS}")
        what = f"what the callable returns {self.found.unclear[RETURN]}{self._place}; {advice}"
        return f"{what}; of anything else, {WRAP}"

    def _merge(self, where: Where, own: Members, inferred: Members) -> Members:
        schema, said = own.get("schema"), _sent_schema(own, inferred)
        merged = {**inferred, **({"schema": said} if said else {}), **own}
        if schema is None and said is None:
            self._complain(where, self._without_schema(where), at_key=True)
            return {**merged, "schema": {}}
        if said is not None and schema is not None:
            merged["schema"] = self._schema(where, schema, said)
            if merged["schema"] != schema and not schema_faults(schema):
                self._check(where, merged["schema"])
        return merged

    def _without_schema(self, where: Where) -> str:
        side, name = where
        reason = self.found.unclear.get(str(name), "")
        remedy = "for example `schema: {type: string}`"
        if reason and side == "inputs":
            return f'"schema" is missing, {remedy}, as "{name}" {reason}{self._place}'
        return f'"schema" is missing, {remedy}'

    def _schema(self, where: Where, own: Members, inferred: Members) -> Members:
        """One that says which type it has stands for itself, as far as the types agree; else it refines the other."""
        ours, theirs = json_types(own), json_types(inferred)
        is_file = inferred.get("contentEncoding") == "binary"  # a callable takes any value as a file
        is_whole = "integer" in theirs and "number" not in theirs
        if not is_file and (not ours & theirs or (is_whole and "number" in ours and not COMBINING.isdisjoint(own))):
            source = "annotation" if self.found.request is None else "process_description"
            what = f"the schema is for {_words(ours)}, but the callable's {source} for {_words(theirs)}{self._place}"
            self._complain((*where, "schema"), what)
        if COMBINING.isdisjoint(own) or (ours == theirs and not (COMBINING - {"type"} & own.keys())):
            return {**inferred, **own}
        return {**{name: value for name, value in inferred.items() if name == "default"}, **own}

    def _check(self, where: Where, schema: Members) -> None:
        for below, what, hint in schema_faults(schema):
            place = (*where, "schema", *below)
            self._complain(place, f"with what the callable says{self._place}: {what}", hint=hint)

    @property
    def _place(self) -> str:
        return f" ({self.found.place})" if self.found.place else ""

    def _complain(self, where: Where, what: str, *, at_key: bool = False, hint: str = "") -> None:
        self.complaints.append(self.document.complaint(where, what, at_key=at_key, hint=hint))


def _sendable(inferred: Members) -> Members:
    """Without defaults that their own types refuse, as a mark for "nothing" may be, or a moment without a zone.

    Nobody could send them.
    """
    schema: Members = inferred["schema"]
    return {**inferred, "schema": _with_fitting_defaults(schema, schema)}


def _with_fitting_defaults(schema: Any, root: Members) -> Any:
    if not isinstance(schema, dict):
        return schema
    new = rebuilt(schema, lambda inner: _with_fitting_defaults(inner, root))
    if "default" in new and not _admits(schema, root, new["default"]):
        del new["default"]
    return new


def _admits(schema: Members, root: Members, value: Any) -> bool:
    try:
        return compile_schema(schema, root=root).is_valid(value)
    except ValueError:  # what is wrong with the schema is said elsewhere
        return True


def _renamed(result: Members, declared: Mapping[str, Any]) -> dict[str, Members]:
    """What a dict holds by name, its annotation does not say; anything else is the one output that the file names."""
    says_more = any("schema" in members for members in declared.values() if isinstance(members, dict))
    if "object" in json_types(result["schema"]) and (says_more or len(declared) > 1):
        return {}
    return {next(iter(declared)): result}


def returns_whole(found: Found, declared: Mapping[str, Any]) -> bool:
    """Whether a dict that is returned is the one output, and holds none by name: the file gives it no other schema."""
    schema = found.outputs[RESULT]["schema"] if found.is_whole else {}
    says_more = any(members.get("schema", schema) != schema for members in declared.values())
    return found.is_whole and not says_more and "object" in json_types(schema)


def _may_be_missing(members: Members) -> bool:
    return members.get("minOccurs") == 0 and "default" not in members["schema"]


def _sent_schema(own: Members, inferred: Members) -> Members | None:
    """Where the file says that several values are sent, and the callable takes a list, the schema is that of one."""
    schema: Members | None = inferred.get("schema")
    many = own.get("maxOccurs", 1) != 1 and "maxOccurs" not in inferred
    if many and schema and isinstance(schema.get("items"), dict) and json_types(own.get("schema")) != {"array"}:
        items: Members = schema["items"]
        return items
    return schema


def _words(types: frozenset[str]) -> str:
    return " or ".join(sorted(types)) or "nothing"


def _quoted(names: Mapping[str, Any]) -> str:
    return ", ".join(f'"{name}"' for name in names)
