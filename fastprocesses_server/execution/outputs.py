"""What a callable returned, as bytes: named, checked against the description, and encoded once for all answers."""

import base64
import binascii
import dataclasses
import enum
import json
import mimetypes
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
from pydantic import BaseModel

from ..processes.description import Output, Process
from ..processes.json_type import simpler
from ..processes.schemas import compile_schema
from ..processes.suggestion import suggest
from .checking import faults
from .media_type import BINARY, JSON, TEXT, Kind, alternatives, declared_media_type, holds_binary, is_json

LARGEST_CHECKED = 64 * 1024**2
"""Bytes of a file of JSON that is read to be checked."""


class InvalidOutput(Exception):
    """The callable returned something that its description does not allow."""


@dataclass(frozen=True, slots=True)
class EncodedOutput:
    """One output as it will be sent: the bytes, or the file that holds them."""

    name: str
    media_type: str
    kind: Kind
    body: bytes | Path
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    media_type: str | None
    is_binary: bool
    takes_text: bool
    validator: jsonschema_rs.Draft202012Validator


class OutputsWriter:
    """Encodes what the callable of one process returns. Its schemas are compiled once."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.writers = {name: OutputWriter(name, output) for name, output in process.outputs.items()}

    def encode(self, returned: Any) -> list[EncodedOutput]:
        """Every output that has a value; None is no value.

        Raises:
            InvalidOutput: for an unknown name, a value that is not JSON or does not fit its schema.
        """
        named = self._by_name(returned)
        for name in named:
            if name not in self.writers:
                raise InvalidOutput(f"the description has no output {name!r}{suggest(str(name), self.writers)}")
        return [self.writers[name].encode(value) for name, value in named.items() if value is not None]

    def _by_name(self, returned: Any) -> Mapping[str, Any]:
        members = members_of(returned)
        names = list(self.writers)
        if len(names) == 1 and not self._is_by_name(members):
            return {names[0]: returned}
        if members is None:
            raise InvalidOutput(f"returned {type(returned).__name__}, not a dict of the outputs {', '.join(names)}")
        return members

    def _is_by_name(self, members: Mapping[str, Any] | None) -> bool:
        if self.process.request_parameter is not None:
            return True
        return not self.process.returns_whole and members is not None and set(members) == set(self.writers)


def members_of(returned: Any) -> Mapping[str, Any] | None:
    """By name, what has names: a dict, a dataclass, a model, a named tuple; None of anything else."""
    if isinstance(returned, Mapping):
        return returned
    if isinstance(returned, BaseModel):
        return {name: getattr(returned, name) for name in type(returned).model_fields}
    if dataclasses.is_dataclass(returned) and not isinstance(returned, type):
        return {field.name: getattr(returned, field.name) for field in dataclasses.fields(returned)}
    if isinstance(returned, tuple) and hasattr(returned, "_asdict"):
        named: Mapping[str, Any] = returned._asdict()
        return named
    return {} if returned is None else None


class OutputWriter:
    """Encodes one output."""

    def __init__(self, name: str, output: Output) -> None:
        self.name = name
        self.alternatives = [
            Alternative(
                declared_media_type(member),
                holds_binary(member),
                member.get("type", "string") == "string",
                compile_schema(member, root=output.schema_),
            )
            for member in alternatives(output.schema_)
        ]

    def encode(self, value: Any) -> EncodedOutput:
        if isinstance(value, (bytes, bytearray, memoryview, Path)):
            return self._encode_bytes(value if isinstance(value, Path) else bytes(value))
        body = encode_json(value, self.name)
        plain = value if type(value) is str else _read(body, self.name)
        alternative = self._matching(plain)
        if isinstance(plain, str):
            return self._encode_text(plain, alternative)
        scalar = isinstance(plain, (bool, int, float))
        return EncodedOutput(self.name, alternative.media_type or (TEXT if scalar else JSON), Kind.JSON, body)

    def _matching(self, value: Any) -> Alternative:
        """The first alternative that the value fits."""
        complaints: list[str] = []
        for alternative in self.alternatives:
            fault = next(faults(alternative.validator, value, self.name), None)
            if fault is None:
                return alternative
            complaints.append(fault.message)
        raise InvalidOutput(f"output {self.name!r} does not fit its schema: {complaints[0]}")

    def _encode_text(self, value: str, alternative: Alternative) -> EncodedOutput:
        media_type = alternative.media_type or TEXT
        if not alternative.is_binary:
            return EncodedOutput(self.name, media_type, Kind.TEXT, value.encode())
        try:
            body = base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise InvalidOutput(f"output {self.name!r} is not base64: {error}") from None
        return EncodedOutput(self.name, alternative.media_type or BINARY, Kind.BINARY, body)

    def _encode_bytes(self, value: bytes | Path) -> EncodedOutput:
        if isinstance(value, Path) and not value.is_file():
            raise InvalidOutput(f"output {self.name!r}: there is no file {value}")
        name = value.name if isinstance(value, Path) else None
        declared = self.alternatives[0].media_type
        media_type = declared or (mimetypes.guess_type(name)[0] if name else None) or BINARY
        if is_json(media_type):
            self._check_json(value)
            return EncodedOutput(self.name, media_type, Kind.JSON, value, name)
        if declared is None and not any(alternative.takes_text for alternative in self.alternatives):
            raise InvalidOutput(f"output {self.name!r} is bytes, and its schema is for JSON")
        kind = Kind.TEXT if media_type.startswith("text/") else Kind.BINARY
        return EncodedOutput(self.name, media_type, kind, value, name)

    def _check_json(self, value: bytes | Path) -> None:
        """What is too large to be held in memory is the author's word."""
        if isinstance(value, Path) and value.stat().st_size > LARGEST_CHECKED:
            return
        try:
            self._matching(orjson.loads(value.read_bytes() if isinstance(value, Path) else value))
        except orjson.JSONDecodeError as error:
            raise InvalidOutput(f"output {self.name!r} is not JSON: {error}") from None


def encode_json(value: Any, name: str) -> bytes:
    """JSON of what callables return: numpy, dataclasses, models and dates too; never NaN or Infinity.

    Raises:
        InvalidOutput: naming the output.
    """
    try:
        body = orjson.dumps(value, default=_simpler, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return _encode_slowly(value, name)
    # orjson writes NaN as null: only where there is a null can there have been one.
    return _encode_slowly(value, name) if b"null" in body else body


def _read(body: bytes, name: str) -> Any:
    """As clients do, who know no integer that is over all floats."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidOutput(f"output {name!r} cannot be read as JSON: {error}") from None


def _encode_slowly(value: Any, name: str) -> bytes:
    """The standard library's encoder knows integers over 64 bits, and refuses NaN."""
    try:
        text = json.dumps(value, default=_simpler, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidOutput(f"output {name!r} is not JSON: {error}") from None


def _simpler(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, enum.Enum):
        return value.value
    return str(value) if isinstance(value, (Decimal, uuid.UUID)) else simpler(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutput:
    """An output in the result store: small ones as bytes, large ones as a file below the results folder."""

    name: str
    media_type: str
    kind: Kind
    size: int
    sha256: str
    filename: str | None = None
    body: bytes | None = None
    file: str | None = None


def write_manifest(outputs: Iterable[StoredOutput]) -> bytes:
    return orjson.dumps([_as_document(output) for output in outputs])


def _as_document(output: StoredOutput) -> dict[str, Any]:
    document = {name: getattr(output, name) for name in StoredOutput.__dataclass_fields__}
    if output.body is not None:
        document["body"] = base64.b64encode(output.body).decode()
    return {name: value for name, value in document.items() if value is not None}


def read_manifest(manifest: bytes) -> dict[str, StoredOutput]:
    """The outputs by name, in the order of the description."""
    outputs = {}
    for document in orjson.loads(manifest):
        body = document.pop("body", None)
        outputs[document["name"]] = StoredOutput(
            **{**document, "kind": Kind(document["kind"])}, body=None if body is None else base64.b64decode(body)
        )
    return outputs
