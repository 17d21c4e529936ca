"""The inputs of an execute request: read by the rules of the standard, checked, and turned into arguments."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from ..errors import Complaint
from ..processes.description import Input, Process
from ..processes.schemas import compile_schema
from ..processes.suggestion import suggest
from .media_type import alternatives, holds_binary, media_type_of, normalised

LONGEST_MESSAGE = 300


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


@dataclass(frozen=True, slots=True)
class Value:
    """A value as sent: bare, or qualified by what it says of itself."""

    value: Any
    media_type: str | None = None
    encoding: str | None = None


class InputReader:
    """Reads what clients send for one input. Its schemas are compiled once."""

    def __init__(self, name: str, description: Input) -> None:
        self.path = f"$.inputs.{name}"
        self.description = description
        self.own_members = _declared_members(description.schema_)
        self.alternatives = [_alternative(member, description.schema_) for member in alternatives(description.schema_)]

    def read(self, sent: Any) -> Any:
        """What the callable gets.

        Raises:
            Unreadable: with everything that is wrong.
        """
        if not self.description.takes_many:
            return self._read_one(sent, self.path)
        items = sent if isinstance(sent, list) else [sent]
        self._check_count(len(items))
        values: list[Any] = []
        complaints: list[Complaint] = []
        for index, item in enumerate(items):
            try:
                values.append(self._read_one(item, f"{self.path}[{index}]"))
            except Unreadable as error:
                complaints += error.complaints
        if complaints:
            raise Unreadable(*complaints)
        return values

    def _check_count(self, count: int) -> None:
        least, most = self.description.min_occurs, self.description.max_occurs
        if count < least:
            raise Unreadable(Complaint(self.path, f"at least {least} values are needed, {count} came"))
        if most != "unbounded" and count > most:
            raise Unreadable(Complaint(self.path, f"at most {most} values are taken, {count} came"))

    def _read_one(self, sent: Any, path: str) -> Any:
        value = self._unwrap(sent, path)
        complaints: list[Complaint] = []
        for alternative in self._candidates(value, path):
            wrong = list(_check(alternative, value.value, path))
            if not wrong:
                return _decode(alternative, value, path)
            complaints = complaints or wrong
        raise Unreadable(*complaints)

    def _unwrap(self, sent: Any, path: str) -> Value:
        if not isinstance(sent, dict):
            return Value(sent)
        if "href" in sent and "href" not in self.own_members:
            raise Unreadable(Complaint(path, "inputs by reference (href) are not taken; send the value itself"))
        if "value" not in sent or "value" in self.own_members:
            return Value(sent)
        qualities = {**sent, **(sent["format"] if isinstance(sent.get("format"), dict) else {})}
        return Value(sent["value"], qualities.get("mediaType") or qualities.get("type"), qualities.get("encoding"))

    def _candidates(self, value: Value, path: str) -> list[Alternative]:
        if value.media_type is None:
            return self.alternatives
        wanted = normalised(str(value.media_type))
        found = [a for a in self.alternatives if normalised(a.media_type) == wanted]
        if not found:
            offered = ", ".join(dict.fromkeys(a.media_type for a in self.alternatives))
            raise Unreadable(Complaint(path, f"media type {value.media_type} is not taken; offered: {offered}"))
        return found


def _alternative(schema: dict[str, Any], root: dict[str, Any]) -> Alternative:
    return Alternative(media_type_of(schema), holds_binary(schema), compile_schema(schema, root=root))


def _declared_members(schema: dict[str, Any]) -> frozenset[str]:
    """Names of properties anywhere at the top of a schema: they belong to the value, whatever they are called."""
    names = set(schema.get("properties", ()))
    for keyword in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(keyword, ()):
            names |= _declared_members(part)
    return frozenset(names)


def _check(alternative: Alternative, value: Any, path: str) -> Iterator[Complaint]:
    for error in alternative.validator.iter_errors(value):
        where = path + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        message = error.message
        yield Complaint(where, message if len(message) <= LONGEST_MESSAGE else f"… {message[-LONGEST_MESSAGE:]}")


def _decode(alternative: Alternative, value: Value, path: str) -> Any:
    says_base64 = isinstance(value.value, str) and value.encoding == "base64"
    if not alternative.is_binary and not says_base64:
        return value.value
    try:
        decoded = base64.b64decode("".join(value.value.split()), validate=True)
        return decoded if alternative.is_binary else decoded.decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Unreadable(Complaint(path, f"is not base64 of what is asked for: {error}")) from None


class InputsReader:
    """Reads all inputs of a process."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.readers = {name: InputReader(name, description) for name, description in process.inputs.items()}

    def read(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments for the callable; an optional input that is not there is left out.

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
                arguments[name] = reader.read(inputs[name])
            except Unreadable as error:
                complaints += error.complaints
        if complaints:
            raise Unreadable(*complaints)
        return arguments

    def with_defaults(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as sent, and the defaults of those that were not."""
        defaults = {
            name: reader.description.schema_["default"]
            for name, reader in self.readers.items()
            if "default" in reader.description.schema_
        }
        return {**defaults, **inputs}

    def _unknown(self, inputs: Mapping[str, Any]) -> Iterator[Complaint]:
        for name in inputs:
            if name not in self.readers:
                yield Complaint(f"$.inputs.{name}", f"the process has no such input{suggest(name, self.readers)}")
