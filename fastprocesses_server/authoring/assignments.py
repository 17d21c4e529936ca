"""`name=value`, as inputs are written on a command line, and the inputs of an execute request that are meant."""

import base64
import mimetypes
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import orjson

from ..errors import Complaint, InvalidRequest, UsageError
from ..execution.media_type import alternatives, holds_binary, media_type_of, normalised
from ..json_path import json_path
from ..processes.description import Input, Schema
from ..processes.schemas import json_types

TEXT_ALONE = frozenset({"string"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What must be known of an input to read what is written for it."""

    schema: Schema
    takes_many: bool = False


ANYTHING = Shape({})


def shapes_of(inputs: Mapping[str, Input]) -> dict[str, Shape]:
    return {name: Shape(declared.schema_, declared.takes_many) for name, declared in inputs.items()}


def published_shapes(description: Mapping[str, Any]) -> dict[str, Shape]:
    """Of a process description as a server publishes it."""
    inputs = description.get("inputs") or {}
    return {name: Shape(one.get("schema") or {}, one.get("maxOccurs", 1) != 1) for name, one in inputs.items()}


def read_assignments(texts: Iterable[str], shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """Inputs by name; several values of one name are a list.

    Raises:
        UsageError: a text is no assignment, or names a file that cannot be read.
        InvalidRequest: with every value that is not what its input takes, as far as it shows here.
    """
    given: dict[str, list[Any]] = {}
    complaints: list[Complaint] = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{text!r}: inputs are written name=value, or name=@file")
        try:
            given.setdefault(name, []).append(_read(name, value, shapes.get(name, ANYTHING)))
        except InvalidRequest as error:
            complaints += error.complaints
    for name, values in given.items():
        if len(values) > 1 and name in shapes and not shapes[name].takes_many:
            complaints.append(Complaint(json_path("inputs", name), f"takes one value, {len(values)} came"))
    if complaints:
        raise InvalidRequest(complaints)
    return {name: values if len(values) > 1 else values[0] for name, values in given.items()}


def _read(name: str, value: str, shape: Shape) -> Any:
    if not value.startswith("@"):
        return _from_text(name, value, shape.schema)
    place = value[1:]
    if place.startswith(("http://", "https://")):
        return {"href": place}
    try:
        content = sys.stdin.buffer.read() if place == "-" else Path(place).expanduser().read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {place} cannot be read: {error.strerror}") from None
    return read_content(name, place, content, shape.schema)


def _from_text(name: str, text: str, schema: Schema) -> Any:
    """JSON where the input takes anything else than text; what is none is text, of which the server complains."""
    types = json_types(schema)
    if types == TEXT_ALONE:
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "string" in types or not text.lstrip().startswith(("{", "[", '"')):
            return text
        raise _no_json(name, "the value", error) from None


def read_content(name: str, place: str, content: bytes, schema: Schema) -> Any:
    """What a file holds as the value of an input: JSON, text, or base64 of anything else. Raises InvalidRequest."""
    forms = alternatives(schema)
    is_json = PurePath(place).suffix.lower().endswith("json")
    if any(map(holds_binary, forms)) and not (is_json and not all(map(holds_binary, forms))):
        return _binary(place, content, forms)
    types = json_types(schema)
    try:
        return content.decode() if types == TEXT_ALONE else orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if "string" not in types or is_json:
            raise _no_json(name, place, error) from None
        return content.decode(errors="replace")
    except UnicodeDecodeError:
        raise InvalidRequest([Complaint(json_path("inputs", name), f"{place} is not text in UTF-8")]) from None


def _binary(place: str, content: bytes, forms: list[Schema]) -> Any:
    """With its media type, where that chooses between several."""
    value = base64.b64encode(content).decode()
    guessed = mimetypes.guess_type(place)[0]
    offered = [normalised(media_type_of(form)) for form in forms]
    return {"value": value, "mediaType": guessed} if len(forms) > 1 and guessed in offered else value


def _no_json(name: str, what: str, error: orjson.JSONDecodeError) -> InvalidRequest:
    place = f"line {error.lineno}, column {error.colno}"
    return InvalidRequest([Complaint(json_path("inputs", name), f"{what} is not JSON: {error.msg} ({place})")])
