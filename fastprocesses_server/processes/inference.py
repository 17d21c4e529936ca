"""What a callable says of itself, as members of a process description: by its signature, then by its docstring."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import docstring_parser

from .annotations import (
    RETURN,
    Annotations,
    Converter,
    NoSchema,
    binary_type,
    fields_of,
    item_of,
    schema_of,
    without_none,
)
from .positions import unpublishable

RESULT = "result"
"""The name of an output that the callable gives none."""
LONGEST_TITLE = 120

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inferred:
    """Plain data. `unclear` says of parameters, and of `return`, why nothing follows from them."""

    texts: Members = field(default_factory=dict)
    """Title and description of the process."""
    inputs: Mapping[str, Members] = field(default_factory=dict)
    outputs: Mapping[str, Members] = field(default_factory=dict)
    unclear: Mapping[str, str] = field(default_factory=dict)
    documented: Mapping[str, Members] = field(default_factory=dict)
    """Of parameters, and of `return`, what the docstring says in its own words, `type` and `description`, and of what
    is unclear the `default`: for people, nothing follows from it."""


def infer(function: Callable[..., Any]) -> Inferred:
    """Parameters of any number, and those that only have a default, are left out."""
    docstring = _docstring(function)
    texts = {name: text for name, text in _process_texts(docstring).items() if text}
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return Inferred(texts, documented=_documented(docstring))
    annotations, unclear = Annotations(function), dict[str, str]()
    described = {param.arg_name: param.description for param in docstring.params if param.description}
    inputs: dict[str, Members] = {}
    for name, parameter in parameters.items():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        try:
            inputs[name] = {**_text("description", described.get(name)), **_input(parameter, annotations)}
        except NoSchema as error:
            unclear[name] = str(error)
    try:
        outputs = _outputs(annotations, docstring)
    except NoSchema as error:
        outputs, unclear[RETURN] = {}, str(error)
    documented = _documented(docstring)
    for name in unclear.keys() & parameters.keys():
        documented[name] = {**documented.get(name, {}), **_plain_default(parameters[name].default)}
    return Inferred(texts, inputs, outputs, unclear, documented)


def _docstring(function: Any) -> docstring_parser.Docstring:
    """Of an object with `execute`, and of a class, what stands at the class counts where the method has none."""
    own = inspect.getdoc(function)
    owner = getattr(function, "__self__", None)
    text = own or (inspect.getdoc(type(owner)) if owner is not None and not inspect.ismodule(owner) else None)
    try:
        return docstring_parser.parse(text or "")
    except docstring_parser.ParseError:
        return docstring_parser.Docstring()


def _process_texts(docstring: docstring_parser.Docstring) -> dict[str, str | None]:
    short, long = docstring.short_description, docstring.long_description
    if short and len(short) > LONGEST_TITLE:
        return {"description": "\n\n".join(filter(None, [short, long]))}
    return {"title": short and short.removesuffix("."), "description": long}


def _documented(docstring: docstring_parser.Docstring) -> dict[str, Members]:
    """Of several outputs each under `return.name`."""
    said = {
        name.strip(): (param.type_name, param.description)
        for param in docstring.params
        for name in param.arg_name.split(",")
        if not name.strip().startswith("*")
    }
    said |= {f"{RETURN}.{named.return_name}": (None, named.description) for named in docstring.many_returns}
    if docstring.returns:
        said[RETURN] = (docstring.returns.type_name, docstring.returns.description)
    return {name: {**_text("type", kind), **_text("description", text)} for name, (kind, text) in said.items()}


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
    members = _described(schema_of(item if many else wanted, "validation"))
    if has_default and not many:
        members["schema"] |= _default(annotation, parameter.default)
    return members | ({"minOccurs": 0} if has_default else {}) | ({"maxOccurs": "unbounded"} if many else {})


def _default(annotation: Any, default: Any) -> Members:
    """None is what a callable gets that is given nothing, and no value of the input."""
    plain = Converter(annotation).plain(default)
    return {} if plain is None else {"default": plain}


def _outputs(annotations: Annotations, docstring: docstring_parser.Docstring) -> dict[str, Members]:
    returned, _ = without_none(_annotation(annotations, RETURN))
    texts = {named.return_name: named.description for named in docstring.many_returns if named.return_name}
    if (fields := fields_of(returned)) is not None:
        return {name: {**_text("description", texts.get(name)), **_output(field)} for name, field in fields.items()}
    description = docstring.returns.description if docstring.returns else None
    return {RESULT: {**_text("description", description), **_output(returned)}}


def _output(annotation: Any) -> Members:
    members = _described(schema_of(without_none(annotation)[0], "serialization"))
    members["schema"].pop("default", None)
    return members


def _described(schema: Members) -> Members:
    """Texts at the top of a schema are those of the input or output; those of a model stay with it."""
    is_named = not {"properties", "enum", "$ref"}.isdisjoint(schema)  # after a class
    texts: Members = {name: schema[name] for name in ("title", "description") if name in schema and not is_named}
    return {**texts, "schema": {name: value for name, value in schema.items() if name not in texts}}


def _text(name: str, text: str | None) -> Members:
    return {name: text} if text else {}
