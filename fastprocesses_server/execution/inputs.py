"""The inputs of an execute request: read by the rules of the standard, checked, and turned into arguments."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from ..errors import MOST_COMPLAINTS, Complaint
from ..json_path import json_path
from ..processes.description import Input, Process, Schema
from ..processes.schemas import compile_schema
from ..processes.suggestion import suggest
from .checking import faults
from .media_type import alternatives, holds_binary, is_json, media_type_of, normalised
from .references import FetchedFile, FetchedValue, Later, Reference, References


class Unreadable(Exception):
    """A value that is not what the description asks for."""

    def __init__(self, *complaints: Complaint) -> None:
        super().__init__(*complaints)
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class Alternative:
    """One form that the value of an input may have."""

    media_type: str
    is_binary: bool
    validator: jsonschema_rs.Draft202012Validator
    integers: Schema
    """The part of its schema that leads to integers."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as sent: bare, or qualified by what it says of itself. `guessed`: a server said so, not the client."""

    value: Any
    media_type: str | None = None
    encoding: str | None = None
    guessed: bool = False


class InputReader:
    """Reads what clients send for one input. Its schemas are compiled once."""

    def __init__(self, name: str, description: Input) -> None:
        self.path = json_path("inputs", name)
        self.description = description
        self.own_members = declared_members(description.schema_)
        self.alternatives = [_alternative(member, description.schema_) for member in alternatives(description.schema_)]

    def read(self, sent: Any, references: References) -> Any:
        """What the callable gets; `Later` stands for what the worker will have fetched.

        Raises:
            Unreadable: with everything that is wrong.
        """
        if not self.description.takes_many:
            return self._read_one(sent, self.path, references)
        items = sent if isinstance(sent, list) else [sent]
        self._check_count(len(items))
        values: list[Any] = []
        complaints: list[Complaint] = []
        for index, item in enumerate(items):
            try:
                values.append(self._read_one(item, f"{self.path}[{index}]", references))
            except Unreadable as error:
                complaints += error.complaints
                if len(complaints) >= MOST_COMPLAINTS:
                    break
        if complaints:
            raise Unreadable(*complaints)
        return values

    def _check_count(self, count: int) -> None:
        least, most = self.description.min_occurs, self.description.max_occurs
        if count < least:
            raise Unreadable(Complaint(self.path, f"at least {least} values are needed, {count} came"))
        if most != "unbounded" and count > most:
            raise Unreadable(Complaint(self.path, f"at most {most} values are taken, {count} came"))

    def _read_one(self, sent: Any, path: str, references: References) -> Any:
        value = self._unwrap(sent, references)
        candidates = self._candidates(value, path)
        if isinstance(value.value, Later):
            return value.value
        complaints: list[Complaint] = []
        for alternative in candidates:
            try:
                return _read_as(alternative, value, path)
            except Unreadable as error:
                complaints = complaints or list(error.complaints)
        raise Unreadable(*complaints)

    def _unwrap(self, sent: Any, references: References) -> Value:
        if not isinstance(sent, dict):
            return Value(sent)
        if isinstance(sent.get("href"), str) and "href" not in self.own_members:
            return _referenced(sent, references.get(sent["href"], Later()))
        if "value" not in sent or "value" in self.own_members:
            return Value(sent)
        qualities = {**sent, **(sent["format"] if isinstance(sent.get("format"), dict) else {})}
        return Value(sent["value"], qualities.get("mediaType") or qualities.get("type"), qualities.get("encoding"))

    def _candidates(self, value: Value, path: str) -> list[Alternative]:
        if value.media_type is None:
            return self.alternatives
        wanted = normalised(str(value.media_type))
        found = [a for a in self.alternatives if normalised(a.media_type) == wanted]
        found = found or [a for a in self.alternatives if is_json(a.media_type) and is_json(wanted)]
        if not found and not value.guessed:
            offered = ", ".join(dict.fromkeys(a.media_type for a in self.alternatives))
            raise Unreadable(Complaint(path, f"media type {value.media_type} is not taken; offered: {offered}"))
        return found or self.alternatives


def _referenced(sent: Mapping[str, Any], reference: Reference) -> Value:
    """The client's word for the media type counts, else the server's, as far as it fits."""
    nested = sent["format"] if isinstance(sent.get("format"), dict) else {}
    declared = sent.get("type") or sent.get("mediaType") or nested.get("mediaType")
    match reference:
        case FetchedValue(value, media_type):
            return Value(value, declared or media_type, guessed=not declared)
        case FetchedFile(_, media_type):
            return Value(reference, declared or media_type, guessed=not declared)
        case _:
            return Value(Later(), declared)


def _alternative(schema: dict[str, Any], root: dict[str, Any]) -> Alternative:
    validator = compile_schema(schema, root=root)
    return Alternative(media_type_of(schema), holds_binary(schema), validator, integers_in(schema))


def declared_members(schema: dict[str, Any]) -> frozenset[str]:
    """Names of properties anywhere at the top of a schema: they belong to the value, whatever they are called."""
    names = set(schema.get("properties", ()))
    for keyword in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(keyword, ()):
            names |= declared_members(part) if isinstance(part, dict) else set()
    return frozenset(names)


def _read_as(alternative: Alternative, value: Value, path: str) -> Any:
    """The value as this alternative takes it: checked, and decoded."""
    if isinstance(value.value, FetchedFile) and alternative.is_binary:
        return value.value.path
    plain = _content(alternative, value.value.path, path) if isinstance(value.value, FetchedFile) else value.value
    complaints = dict.fromkeys(faults(alternative.validator, plain, path))  # alternatives within often say the same
    if complaints:
        raise Unreadable(*complaints)
    return _decode(alternative, _with_integers(plain, alternative.integers), value.encoding, path)


def integers_in(schema: Schema) -> Schema:
    """The part of the schema that leads to integers; empty where none are asked for, as in most large inputs."""
    if schema.get("type") == "integer":
        return {"type": "integer"}
    found: Schema = {}
    if isinstance(items := schema.get("items"), dict) and (item := integers_in(items)):
        found["items"] = item
    if isinstance(members := schema.get("properties"), dict):
        parts = {name: integers_in(member) for name, member in members.items() if isinstance(member, dict)}
        found |= {"properties": kept} if (kept := {name: part for name, part in parts.items() if part}) else {}
    return found


def _with_integers(value: Any, integers: Schema) -> Any:
    """Whole numbers as integers where the schema says so: JSON does not tell 2.0 from 2, callables do."""
    match value:
        case float() if "type" in integers:
            return int(value)
        case list() if "items" in integers:
            return [_with_integers(item, integers["items"]) for item in value]
        case dict() if "properties" in integers:
            members = integers["properties"]
            return value | {name: _with_integers(value[name], members[name]) for name in members if name in value}
        case _:
            return value


def _content(alternative: Alternative, file: Path, path: str) -> Any:
    try:
        body = file.read_bytes()
        return orjson.loads(body) if is_json(alternative.media_type) else body.decode()
    except (UnicodeDecodeError, orjson.JSONDecodeError) as error:
        raise Unreadable(Complaint(path, f"is no {alternative.media_type}: {error}")) from None


def _decode(alternative: Alternative, value: Any, encoding: str | None, path: str) -> Any:
    says_base64 = isinstance(value, str) and encoding == "base64"
    if not alternative.is_binary and not says_base64:
        return value
    try:
        decoded = base64.b64decode("".join(value.split()), validate=True)
        return decoded if alternative.is_binary else decoded.decode()
    except ValueError as error:
        raise Unreadable(Complaint(path, f"is not base64 of what is asked for: {error}")) from None


class InputsReader:
    """Reads all inputs of a process."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.readers = {name: InputReader(name, description) for name, description in process.inputs.items()}

    def read(self, inputs: Mapping[str, Any], references: References) -> dict[str, Any]:
        """Arguments for the callable; an optional input that is not there is left out, a fetched binary is a path.

        Raises:
            Unreadable: with everything that is wrong with any of them.
        """
        arguments: dict[str, Any] = {}
        complaints = [*self._unknown(inputs)]
        for name, reader in self.readers.items():
            if name not in inputs:
                if reader.description.is_required:
                    complaints.append(Complaint(reader.path, "is required"))
                continue
            try:
                arguments[name] = reader.read(inputs[name], references)
            except Unreadable as error:
                complaints += error.complaints
        if complaints:
            raise Unreadable(*complaints)
        return arguments

    def hrefs(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Path and URL of every reference."""
        for name, sent in inputs.items():
            reader = self.readers.get(name)
            if reader is None or "href" in reader.own_members:
                continue
            for index, item in enumerate(sent if isinstance(sent, list) else [sent]):
                if isinstance(item, dict) and isinstance(item.get("href"), str):
                    yield reader.path + (f"[{index}]" if isinstance(sent, list) else ""), item["href"]

    def with_defaults(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as sent, and the defaults of those that were not."""
        defaults = {
            name: reader.description.schema_["default"]
            for name, reader in self.readers.items()
            if "default" in reader.description.schema_
        }
        return {**defaults, **inputs}

    def _unknown(self, inputs: Mapping[str, Any]) -> Iterator[Complaint]:
        unknown = (name for name in inputs if name not in self.readers)
        for name in islice(unknown, MOST_COMPLAINTS):
            yield Complaint(json_path("inputs", name), f"the process has no such input{suggest(name, self.readers)}")
