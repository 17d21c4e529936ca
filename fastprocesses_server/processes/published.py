"""Schemas as they are published under version 1.0: the keywords of `schema.yaml`, which is closed.

What it cannot say is left out: the published schema may admit more than the checked one, never less.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .bundled import bundled_reference, bundled_schemas
from .dialects import upgraded
from .keywords import ASSERTIONS, DEFINITIONS, LIST_OF_SCHEMAS, NAMED_SCHEMAS, ONE_SCHEMA
from .references import target_of

Schema = dict[str, Any]
NOTHING: Schema = {"not": {}}

AS_THEY_ARE = frozenset(["default", "example", "multipleOf", "pattern", "uniqueItems"])
COUNTS = frozenset(["maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"])
TEXTS = frozenset(["contentEncoding", "contentMediaType", "contentSchema", "description", "format", "title"])
FLAGS = frozenset(["deprecated", "readOnly", "writeOnly"])
ASSERTED = (ASSERTIONS | ONE_SCHEMA | LIST_OF_SCHEMAS | NAMED_SCHEMAS) - DEFINITIONS


def published(schema: Schema) -> Schema:
    """The view of a schema that fits `schema.yaml`; the schema must have passed its check."""
    root = upgraded(schema)
    return _View(root).of(root).schema


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the view; `exact` where it admits the same values as what it stands for.

    A looser alternative makes `oneOf` refuse what fits two of them, and `not` refuse more: there it matters.
    """

    schema: Schema
    exact: bool = True


@dataclass(frozen=True, slots=True)
class _View:
    """`root` is what `#` means, `opened` the references that are being written out."""

    root: Schema
    opened: tuple[str, ...] = ()

    def of(self, schema: Any) -> _Part:
        if isinstance(schema, bool):
            return _Part({} if schema else NOTHING)
        parts = [self._part(schema, keyword) for keyword in schema]
        return _Part(_joined(part.schema for part in parts), all(part.exact for part in parts))

    def _part(self, schema: Schema, keyword: str) -> _Part:
        value = schema[keyword]
        if keyword in CONVERSIONS:
            return CONVERSIONS[keyword](self, schema)
        if keyword in COUNTS:
            return _Part({keyword: int(value)})
        if keyword in FLAGS | TEXTS | AS_THEY_ARE:
            kind = bool if keyword in FLAGS else str if keyword in TEXTS else object
            return _Part({keyword: value} if isinstance(value, kind) else {})
        return _Part({}, exact=keyword not in ASSERTED)

    def reference(self, schema: Schema) -> _Part:
        """What is referred to, written out; where it contains itself, anything."""
        address = bundled_reference(schema["$ref"]) or schema["$ref"]
        if address in self.opened:
            return _Part({}, exact=False)
        if address in bundled_schemas():
            bundled = bundled_schemas()[address]
            part = _View(bundled, (address,)).of(bundled)
        else:
            part = _View(self.root, (*self.opened, address)).of(target_of(address, self.root))
        alone = schema.keys() <= {"$ref", "$comment"} | DEFINITIONS
        return part if alone else _Part({"allOf": [part.schema]}, part.exact)

    def all_of(self, schema: Schema) -> _Part:
        return self._list("allOf", schema["allOf"])

    def any_of(self, schema: Schema) -> _Part:
        return self._list("anyOf", schema["anyOf"])

    def one_of(self, schema: Schema) -> _Part:
        part = self._list("oneOf", schema["oneOf"])
        return part if part.exact else _Part({"anyOf": part.schema["oneOf"]}, exact=False)

    def _list(self, keyword: str, schemas: list[Any]) -> _Part:
        parts = [self.of(schema) for schema in schemas]
        return _Part({keyword: [part.schema for part in parts]}, all(part.exact for part in parts))

    def not_(self, schema: Schema) -> _Part:
        part = self.of(schema["not"])
        return _Part({"not": part.schema}) if part.exact else _Part({}, exact=False)

    def items(self, schema: Schema) -> _Part:
        if "prefixItems" in schema:
            return _Part({}, exact=False)
        part = self.of(schema["items"])
        return _Part({"items": part.schema}, part.exact)

    def properties(self, schema: Schema) -> _Part:
        parts = {name: self.of(inner) for name, inner in schema["properties"].items()}
        view = {name: part.schema for name, part in parts.items()}
        return _Part({"properties": view}, all(part.exact for part in parts.values()))

    def additional_properties(self, schema: Schema) -> _Part:
        if "patternProperties" in schema:
            return _Part({}, exact=False)
        value = schema["additionalProperties"]
        if isinstance(value, bool):
            return _Part({"additionalProperties": value})
        part = self.of(value)
        return _Part({"additionalProperties": part.schema}, part.exact)


def _joined(schemas: Iterable[Schema]) -> Schema:
    """One schema of all; what says the same keyword again goes into `allOf`."""
    whole: Schema = {}
    again: list[Schema] = []
    for schema in schemas:
        if whole.keys() & schema.keys():
            again += [schema] if {**whole, **schema} != whole else []
        else:
            whole |= schema
    return {**whole, "allOf": [*whole.get("allOf", []), *again]} if again else whole


def _type(_: _View, schema: Schema) -> _Part:
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    plain = [t for t in types if t != "null" and not (t == "integer" and "number" in types)]
    null = len(plain) < len(types) and "null" in types
    if len(plain) == 1:
        return _Part({"type": plain[0], "nullable": True} if null else {"type": plain[0]})
    options: list[Schema] = [{"type": t} for t in plain] + ([{"enum": [None]}] if null else [])
    return _Part(options[0] if len(options) == 1 else {"oneOf": options})


def _enum(_: _View, schema: Schema) -> _Part:
    return _Part({"enum": schema["enum"]} if schema["enum"] else NOTHING)


def _const(_: _View, schema: Schema) -> _Part:
    return _Part({"enum": [schema["const"]]})


def _required(_: _View, schema: Schema) -> _Part:
    return _Part({"required": schema["required"]} if schema["required"] else {})


def _example(_: _View, schema: Schema) -> _Part:
    examples = schema["examples"]
    return _Part({"example": examples[0]} if examples and "example" not in schema else {})


def _least(_: _View, schema: Schema) -> _Part:
    return _limit(schema, "minimum", "exclusiveMinimum", max)


def _most(_: _View, schema: Schema) -> _Part:
    return _limit(schema, "maximum", "exclusiveMaximum", min)


def _limit(schema: Schema, limit: str, exclusive: str, stricter: Callable[..., Any]) -> _Part:
    """Of two limits the one that counts, in the words of OpenAPI 3.0; of two, each call gives the same."""
    value = stricter(schema[name] for name in (limit, exclusive) if name in schema)
    return _Part({limit: value, exclusive: True} if schema.get(exclusive) == value else {limit: value})


CONVERSIONS: Mapping[str, Callable[[_View, Schema], _Part]] = {
    "$ref": _View.reference,
    "additionalProperties": _View.additional_properties,
    "allOf": _View.all_of,
    "anyOf": _View.any_of,
    "const": _const,
    "enum": _enum,
    "examples": _example,
    "exclusiveMaximum": _most,
    "exclusiveMinimum": _least,
    "items": _View.items,
    "maximum": _most,
    "minimum": _least,
    "not": _View.not_,
    "oneOf": _View.one_of,
    "properties": _View.properties,
    "required": _required,
    "type": _type,
}
