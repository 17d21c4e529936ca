"""The execute request (execute.yaml), and the execution that it becomes once everything in it is known to be right."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import orjson

from ..errors import Complaint, InvalidRequest
from ..processes.description import Process, TransmissionMode
from ..processes.suggestion import suggest
from .inputs import InputsReader, Unreadable
from .media_type import alternatives, media_type_of, normalised


class ResponseType(StrEnum):
    RAW = "raw"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class RequestedOutput:
    name: str
    transmission: TransmissionMode = TransmissionMode.VALUE


@dataclass(frozen=True)
class Execution:
    """One validated call of one version of a process.

    `inputs` are those of the client, with defaults: reading them again gives the arguments.
    """

    process: Process
    inputs: Mapping[str, Any]
    outputs: tuple[RequestedOutput, ...]
    response: ResponseType

    @cached_property
    def key(self) -> str:
        """The same for all executions that must have the same outputs; the choice of outputs is no part of it."""
        identity = [self.process.id, self.process.version, self.process.fingerprint, self.inputs]
        return hashlib.sha256(orjson.dumps(identity, option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def asks_for_references(self) -> bool:
        return any(output.transmission == TransmissionMode.REFERENCE for output in self.outputs)

    def as_json(self) -> bytes:
        """What the job keeps of it, and `read_execution` reads again."""
        outputs = {output.name: {"transmissionMode": output.transmission} for output in self.outputs}
        return orjson.dumps({"inputs": self.inputs, "outputs": outputs, "response": self.response})


class RequestReader:
    """Reads execute requests for one process."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.inputs = InputsReader(process)

    def read(self, body: bytes) -> Execution:
        """The execution that a client asks for.

        Raises:
            InvalidRequest: with everything that is wrong, each with its JSON path.
        """
        request = _parse(body)
        complaints: list[Complaint] = []
        inputs = _member(request, "inputs", complaints)
        outputs = _member(request, "outputs", complaints)
        complaints += self._wrong_inputs(inputs)
        complaints += self._wrong_outputs(outputs)
        response = request.get("response", ResponseType.RAW)
        if response not in list(ResponseType):
            complaints.append(Complaint("$.response", 'must be "raw" or "document"'))
        if complaints:
            raise InvalidRequest(complaints)
        return Execution(
            process=self.process,
            inputs=self.inputs.with_defaults(inputs),
            outputs=self._requested(outputs),
            response=ResponseType(response),
        )

    def _wrong_inputs(self, inputs: Mapping[str, Any]) -> Iterator[Complaint]:
        try:
            self.inputs.read(inputs)
        except Unreadable as error:
            yield from error.complaints

    def _wrong_outputs(self, outputs: Mapping[str, Any]) -> Iterator[Complaint]:
        for name, asked in outputs.items():
            path = f"$.outputs.{name}"
            if name not in self.process.outputs:
                yield Complaint(path, f"the process has no such output{suggest(name, self.process.outputs)}")
            elif not isinstance(asked, dict):
                yield Complaint(path, "must be an object; {} asks for the output as it is")
            else:
                yield from self._wrong_transmission(asked, path)
                yield from self._wrong_format(name, asked, path)

    def _wrong_transmission(self, asked: Mapping[str, Any], path: str) -> Iterator[Complaint]:
        offered = self.process.output_transmission
        if "transmissionMode" in asked and asked["transmissionMode"] not in list(offered):
            yield Complaint(f"{path}.transmissionMode", f"must be one of: {', '.join(offered)}")

    def _wrong_format(self, name: str, asked: Mapping[str, Any], path: str) -> Iterator[Complaint]:
        wanted = asked.get("format")
        if wanted is None:
            return
        if not isinstance(wanted, dict):
            yield Complaint(f"{path}.format", "must be an object with a mediaType")
            return
        offered = [media_type_of(member) for member in alternatives(self.process.outputs[name].schema_)]
        media_type = wanted.get("mediaType")
        if media_type is not None and normalised(str(media_type)) not in map(normalised, offered):
            yield Complaint(f"{path}.format.mediaType", f"must be one of: {', '.join(offered)}")

    def _requested(self, outputs: Mapping[str, Any]) -> tuple[RequestedOutput, ...]:
        """An empty choice means all of them, as a missing one does."""
        offered = self.process.output_transmission
        default = TransmissionMode.VALUE if TransmissionMode.VALUE in offered else offered[0]
        return tuple(
            RequestedOutput(name, TransmissionMode(outputs.get(name, {}).get("transmissionMode", default)))
            for name in outputs or self.process.outputs
        )


def read_execution(process: Process, stored: bytes) -> Execution:
    """The execution that a job keeps; it was validated when it was accepted."""
    request = orjson.loads(stored)
    outputs = tuple(
        RequestedOutput(name, TransmissionMode(asked["transmissionMode"])) for name, asked in request["outputs"].items()
    )
    return Execution(process, request["inputs"], outputs, ResponseType(request["response"]))


def _parse(body: bytes) -> dict[str, Any]:
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidRequest([Complaint("$", f"the body is not JSON: {error.msg} ({place})")]) from None
    if not isinstance(request, dict):
        raise InvalidRequest([Complaint("$", 'the body must be a JSON object such as {"inputs": {}}')])
    return request


def _member(request: Mapping[str, Any], name: str, complaints: list[Complaint]) -> dict[str, Any]:
    value = request.get(name, {})
    if isinstance(value, dict):
        return value
    complaints.append(Complaint(f"$.{name}", "must be an object"))
    return {}
