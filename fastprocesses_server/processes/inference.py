"""What a callable says of itself, as members of a process description: by its signature, then by its docstring."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .annotations import (
    RETURN,
    Annotations,
    Converter,
    NoSchema,
    binary_type,
    fields_of,
    item_of,
    parameters_of,
    schema_of,
    text_of,
    without_none,
)
from .docstrings import Texts, read_docstring
from .positions import unpublishable
from .reports import RESULT

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inferred:
    """Plain data. `unclear` says of parameters, and of `return`, why nothing follows from them."""

    texts: Members = field(default_factory=dict)
    """Title and description of the process."""
    inputs: Mapping[str, Members] = field(default_factory=dict)
    outputs: Mapping[str, Members] = field(default_factory=dict)
    is_whole: bool = False
    """What is returned is the one output, whatever names are in it."""
    unclear: Mapping[str, str] = field(default_factory=dict)
    documented: Mapping[str, Members] = field(default_factory=dict)
    """Of parameters, and of `return`, what the docstring says in its own words, `type` and `description`, and of what
    is unclear the `default`: for people, nothing follows from it."""


def infer(function: Callable[..., Any]) -> Inferred:
    """Parameters of any number are left out, and those that begin with `_` and have a default."""
    said = read_docstring(function)
    texts = _texts(title=said.title, description=said.description)
    try:
        parameters = parameters_of(function)
    except ValueError:
        return Inferred(texts, documented=_documented(said))
    annotations, unclear = Annotations(function), dict[str, str]()
    inputs: dict[str, Members] = {}
    for name, parameter in parameters.items():
        if _is_private(parameter) or parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        try:
            inputs[name] = {**_texts(description=said.parameters.get(name)), **_input(parameter, annotations)}
        except NoSchema as error:
            unclear[name] = str(error)
    try:
        outputs, is_whole = _outputs(annotations, said)
    except NoSchema as error:
        outputs, is_whole, unclear[RETURN] = {}, False, str(error)
    documented = _documented(said)
    for name in unclear.keys() & parameters.keys():
        documented[name] = {**documented.get(name, {}), **_plain_default(parameters[name].default)}
    return Inferred(texts, inputs, outputs, is_whole, unclear, documented)


def _is_private(parameter: inspect.Parameter) -> bool:
    return parameter.name.startswith("_") and parameter.default is not parameter.empty


def _documented(said: Texts) -> dict[str, Members]:
    """Of several outputs each under `return.name`."""
    texts = {**said.parameters, **{f"{RETURN}.{name}": text for name, text in said.outputs.items()}}
    texts[RETURN] = said.returned
    names = dict.fromkeys([*texts, *said.types])
    documented = {name: _texts(type=said.types.get(name), description=texts.get(name)) for name in names}
    return {name: members for name, members in documented.items() if members}


def _plain_default(default: Any) -> Members:
    is_plain = type(default) in {bool, int, float, str} and unpublishable(default) is None
    return {"default": default} if is_plain else {}


def _annotation(annotations: Annotations, name: str) -> Any:
    if name in annotations.unknown:
        raise NoSchema(f"has an annotation that cannot be evaluated: {annotations.unknown[name]}")
    if name not in annotations.known:
        raise NoSchema("has no annotation")
    return annotations.known[name]


def _input(parameter: inspect.Parameter, annotations: Annotations) -> Members:
    annotation = _annotation(annotations, parameter.name)
    has_default = parameter.default is not parameter.empty
    wanted, may_be_none = without_none(annotation)
    if not (may_be_none and has_default and parameter.default is None):
        wanted = annotation
    item = item_of(wanted)
    many = item is not None and binary_type(item) is not None
    kind = binary_type(wanted)
    members = _texts(description=text_of(annotation)) | _described(schema_of(item if many else wanted, "validation"))
    if (
        has_default
        and not many
        and (kind is None or (issubclass(kind, bytes) and isinstance(parameter.default, bytes)))
    ):
        members["schema"] |= _default(annotation, parameter.default, members["schema"])
    return members | ({"minOccurs": 0} if has_default else {}) | ({"maxOccurs": "unbounded"} if many else {})


def _default(annotation: Any, default: Any, schema: Members) -> Members:
    """None is what a callable gets that is given nothing; neither it nor what is not JSON is a value of the input."""
    plain = Converter(annotation).plain(default)
    if isinstance(default, Decimal) and schema.get("type") == "number":
        plain = float(default)
    return {} if plain is None or not _is_json(plain) else {"default": plain}


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _outputs(annotations: Annotations, said: Texts) -> tuple[dict[str, Members], bool]:
    """And whether there is one, of which the callable says no name."""
    returned, _ = without_none(_annotation(annotations, RETURN))
    if returned is type(None):
        return {}, False
    if (fields := fields_of(returned)) is not None:
        texts = {name: _texts(description=said.outputs.get(name)) for name in fields}
        return {name: {**texts[name], **_output(of)} for name, of in fields.items()}, False
    return {RESULT: {**_texts(description=said.returned), **_output(returned)}}, True


def _output(annotation: Any) -> Members:
    members = _texts(description=text_of(annotation)) | _described(
        schema_of(without_none(annotation)[0], "serialization")
    )
    members["schema"].pop("default", None)
    return members


def _described(schema: Members) -> Members:
    """Texts at the top of a schema are those of the input or output; those of a model stay with it."""
    is_named = not {"properties", "enum", "$ref"}.isdisjoint(schema)  # after a class
    texts: Members = {name: schema[name] for name in ("title", "description") if name in schema and not is_named}
    return {**texts, "schema": {name: value for name, value in schema.items() if name not in texts}}


def _texts(**texts: str | None) -> Members:
    return {name: text for name, text in texts.items() if text}
