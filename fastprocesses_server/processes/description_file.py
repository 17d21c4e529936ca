"""The members of a description file, and what is wrong with them in plain words."""

import re
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from .complaints import DescriptionErrors, FileComplaint
from .description import PROCESS_ID, Common, Input, Output, Schema
from .document import Document
from .keywords import KNOWN
from .positions import Where
from .schema_faults import schema_faults
from .suggestion import nearest


def module_of(dotted: str) -> str | None:
    """`a.b` of `a.b.name` and `a.b:name`; None where this is no path to a callable."""
    module, _, name = dotted.partition(":") if ":" in dotted else dotted.rpartition(".")
    return module if all(part.isidentifier() for part in f"{module}.{name}".split(".")) else None


def id_of(path: Path) -> str:
    """The file's name; what follows an `@` tells versions of a process apart, `buffer@1.yaml`."""
    return path.stem.partition("@")[0]


def _dotted(callable_: str) -> str:
    if module_of(callable_) is None:
        raise ValueError("must be a dotted path to a callable: module.function, or module:function")
    return callable_


RestOfSchema = Annotated[Schema, Field(alias="schema", default_factory=dict)]
"""Where the callable's annotation says the rest."""


class InputMembers(Input):
    """An input: what the file says of it, over what the callable says."""

    schema_: RestOfSchema
    """JSON Schema of one value, over what the callable's annotation says."""


class OutputMembers(Output):
    """An output: what the file says of it, over what the callable says."""

    schema_: RestOfSchema
    """JSON Schema of the output, over what the callable's annotation says."""


class DescriptionFile(Common):
    """As the author wrote it; what is not said is None or the default."""

    callable: Annotated[
        str,
        AfterValidator(_dotted),
        Field(
            examples=["geo_tools.buffer", "geo_tools:buffer"],
            json_schema_extra={"pattern": r"^[^.:\s]+([.:][^.:\s]+)+$"},
        ),
    ]
    """Dotted path to what is run; its module lies beside this file, or is installed."""
    id: Annotated[str, Field(pattern=PROCESS_ID, examples=["buffer"])] | None = None
    """The process's name in URLs; the file's name where nothing is said."""
    version: Annotated[str, WithJsonSchema({"type": ["string", "number"], "examples": ["2.1.0"]})] | None = None
    """The process's version; the `__version__` of the callable's module where nothing is said."""
    inputs: dict[str, InputMembers] | None = None
    """What the callable takes, by the names of its parameters."""
    outputs: dict[str, OutputMembers] | None = None
    """What the callable returns, by name; `result` where it gives no names."""
    schema_address: Annotated[str | None, Field(alias="$schema", examples=["./.description-file.schema.json"])] = None
    """Where editors find the JSON Schema of this file; the server does not read it."""


def validate(document: Document) -> DescriptionFile:
    """Raises DescriptionErrors with everything that is wrong, schemas included."""
    complaints = list(_schema_complaints(document))
    try:
        file = DescriptionFile.model_validate(document.data, by_alias=True, by_name=False)
    except ValidationError as error:
        raise DescriptionErrors([*complaints, *_complaints(document, error)]) from None
    complaints += _contradictions(document, file)
    if complaints:
        raise DescriptionErrors(complaints)
    return file


def _schema_complaints(document: Document) -> Iterator[FileComplaint]:
    for where, schema in _schemas(document.data):
        for below, what, hint in schema_faults(schema):
            place = (*where, *below)
            yield document.complaint(place, what, at_key=place[-1] not in KNOWN, hint=hint)


def _schemas(data: dict[str, Any]) -> Iterator[tuple[Where, dict[str, Any]]]:
    """Those that can be found, whatever else may be wrong with the file."""
    for side in ("inputs", "outputs"):
        described = data.get(side)
        for name, member in described.items() if isinstance(described, dict) else ():
            if isinstance(member, dict) and isinstance(member.get("schema"), dict):
                yield (side, name, "schema"), member["schema"]


def _complaints(document: Document, error: ValidationError) -> Iterator[FileComplaint]:
    details = error.errors(include_url=False)
    unknown = [_unknown_member(document, d["loc"]) for d in details if d["type"] == "extra_forbidden"]
    yield from unknown
    meant = {complaint.hint for complaint in unknown}  # one mistake, one complaint
    for where in [d["loc"] for d in details if d["type"] == "missing"]:
        if where[-1] not in meant:
            yield document.complaint(where, _missing(str(where[-1])), at_key=True)
    for where, words in _wrong(document, details).items():
        yield document.complaint(where, _name(where) + " or".join(words))


def _wrong(document: Document, details: list[ErrorDetails]) -> dict[Where, list[str]]:
    """By place: of a union, pydantic names what is wrong with every alternative."""
    wrong: dict[Where, list[str]] = {}
    for error in details:
        if error["type"] not in {"extra_forbidden", "missing"}:
            words = wrong.setdefault(document.known_part(error["loc"]), [])
            words += [text for text in [_in_words(error)] if text not in words]
    return wrong


def _unknown_member(document: Document, where: Where) -> FileComplaint:
    name = str(where[-1])
    hint = nearest(name, _members_at(DescriptionFile, where[:-1]))
    return document.complaint(where, f'there is no member "{name}" here', at_key=True, hint=hint)


def _members_at(annotation: Any, where: Where) -> list[str]:
    """The names that a file may use at a place."""
    models = list(_models_in(annotation))
    if not where:
        return [str(field.alias) for model in models for field in model.model_fields.values()]
    for model in models:
        for field in model.model_fields.values():
            if field.alias == where[0]:
                rest = where[2:] if _is_collection(field.annotation) else where[1:]
                return _members_at(field.annotation, rest)
    return []


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _is_collection(annotation: Any) -> bool:
    if get_origin(annotation) in {Union, types.UnionType, Annotated}:
        return any(map(_is_collection, get_args(annotation)))
    return get_origin(annotation) in {dict, list}


KINDS = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping of names",
    "model_type": "a mapping of members",
    "model_attributes_type": "a mapping of members",
}
REMEDIES = {
    "callable": "callable: geo_tools.buffer",
    "schema": "schema: {type: string}",
    "href": "href: https://example.org",
}


def _name(where: Where) -> str:
    names = [part for part in where if isinstance(part, str)]
    return f'"{names[-1]}"' if names else "the file"


def _missing(member: str) -> str:
    return f'"{member}" is missing' + (f", for example `{REMEDIES[member]}`" if member in REMEDIES else "")


def _in_words(details: ErrorDetails) -> str:
    """What follows the name of the member."""
    kind, member = details["type"], str((details["loc"] or [""])[-1])
    if kind == "dict_type" and member in REMEDIES and details["input"] is None:
        return f" is missing, for example `{REMEDIES[member]}`"
    if kind == "value_error":
        text = str(details["ctx"]["error"])
        return f" {text}" if text.startswith("must") else f": {text}"
    if kind in KINDS:
        quotes = "; put it in quotes" if isinstance(details["input"], bool | int | float) else ""
        return f" must be {KINDS[kind]}{quotes if kind == 'string_type' else ''}"
    if kind == "string_pattern_mismatch":
        return " must consist of letters, digits and . _ -"
    if kind == "literal_error" and details["ctx"]["expected"] == "False":
        return ' "off"'
    text = details["msg"].removeprefix("Input should").removeprefix("List should").partition(", unable")[0]
    return f" must{text}"


def _contradictions(document: Document, file: DescriptionFile) -> Iterator[FileComplaint]:
    """What each member may say alone, but not together with another."""
    if file.id is None and not re.fullmatch(PROCESS_ID, id_of(document.path)):
        yield document.complaint((), f'the file\'s name "{id_of(document.path)}" is no id; add `id: name`')
    limit = file.run.time_limit
    if limit.soft and limit.hard and limit.soft >= limit.hard:
        what = "the soft time limit must be below the hard one"
        yield document.complaint(("run", "timeLimit", "soft"), what)


def merged_contradictions(
    document: Document, file: DescriptionFile, inputs: Mapping[str, Input], outputs: Mapping[str, Output]
) -> Iterator[FileComplaint]:
    """The same of inputs and outputs, once the callable has said its part of them."""
    for name, given in inputs.items():
        if given.max_occurs != "unbounded" and given.max_occurs < given.min_occurs:
            what = f"maxOccurs is below minOccurs, which is {given.min_occurs}"
            yield document.complaint(("inputs", name, "maxOccurs"), what)
    for name, example in file.examples.items():
        where = ("examples", name)
        yield from _undeclared(document, (*where, "inputs"), example.inputs, inputs)
        yield from _undeclared(document, (*where, "outputs"), example.outputs, outputs)


def _undeclared(
    document: Document, where: Where, used: Mapping[str, Any], declared: Mapping[str, Any]
) -> Iterator[FileComplaint]:
    for name in used:
        if name not in declared:
            what = f'the process has no {str(where[-1])[:-1]} "{name}"'
            yield document.complaint((*where, name), what, at_key=True, hint=nearest(name, declared))
