"""The execute request (execute.yaml), and the execution that it becomes once everything in it is known to be right."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import Any

import orjson

from ..errors import MOST_COMPLAINTS, Complaint, InvalidRequest
from ..json_path import json_path
from ..processes.description import Process, TransmissionMode
from ..processes.suggestion import suggest
from .idempotency import Idempotency
from .inputs import InputsReader, Unreadable
from .media_type import alternatives, media_type_of, normalised
from .references import References, as_document, from_document, identity
from .subscriber import Subscriber

NONE: References = {}
WRITABLE_DEPTH = 240


class ResponseType(StrEnum):
    RAW = "raw"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class RequestedOutput:
    name: str
    transmission: TransmissionMode = TransmissionMode.VALUE
    media_type: str | None = None
    """One of those declared, where the client chose."""

    def as_document(self) -> dict[str, Any]:
        chosen = {"format": {"mediaType": self.media_type}} if self.media_type else {}
        return {"transmissionMode": self.transmission, **chosen}


@dataclass(frozen=True)
class Execution:
    """One validated call of one version of a process.

    `inputs` are those of the client, with defaults: reading them again gives the arguments.
    """

    process: Process
    inputs: Mapping[str, Any]
    outputs: tuple[RequestedOutput, ...]
    response: ResponseType
    references: References = field(default_factory=dict)
    """What `href`s of the inputs lead to, by URL."""
    subscriber: Subscriber | None = None
    idempotency: Idempotency | None = None
    maker: str = ""
    """Who asks for it; empty where nobody has to say who they are."""
    client: str = ""
    """For whom it is counted, the maker or an address; empty where nobody counts."""
    is_forced: bool = False
    """Whether the client asked for a run of its own: `Cache-Control: no-cache`."""

    @cached_property
    def key(self) -> str | None:
        """The same for all executions of one maker that must have the same outputs; the choice of outputs is no part of
        it, but of a callable that is told of it.

        None where a reference is not fetched yet: nobody knows then whether two executions are the same.
        """
        referenced = identity(self.references)
        if referenced is None:
            return None
        process = self.process
        seen = [self.others] if process.request_parameter else []
        own = [self.maker] if self.maker else []
        parts = [process.id, process.version, process.fingerprint, self.inputs, referenced, *seen, *own]
        return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def others(self) -> dict[str, Any]:
        """The members beside the inputs: all outputs where none were chosen."""
        outputs = {output.name: output.as_document() for output in self.outputs}
        return {"outputs": outputs, "response": self.response}

    @property
    def is_asked_for_later(self) -> bool:
        """Whether outputs are needed after the answer to a client that waited: referred to, told, or asked again."""
        by_reference = any(output.transmission == TransmissionMode.REFERENCE for output in self.outputs)
        return by_reference or self.subscriber is not None or self.idempotency is not None

    def as_json(self) -> bytes:
        """What the job keeps of it, and `read_execution` reads again."""
        documents = as_document(self.references)
        return orjson.dumps({"inputs": self.inputs, **self.others, "references": documents})


class RequestReader:
    """Reads execute requests for one process; `default` is meant by those that say no `response`."""

    def __init__(self, process: Process, default: ResponseType = ResponseType.RAW) -> None:
        self.process = process
        self.default = default
        self.inputs = InputsReader(process)

    def read(
        self, request: Mapping[str, Any], references: References = NONE, wrong: Sequence[Complaint] = ()
    ) -> Execution:
        """The execution that a client asks for, given what its references lead to and what is `wrong` with them.

        Raises:
            InvalidRequest: with everything that is wrong, each with its JSON path.
        """
        complaints: list[Complaint] = list(wrong)
        inputs = _member(request, "inputs", complaints)
        outputs = _member(request, "outputs", complaints)
        complaints += self._wrong_inputs(inputs, references)
        complaints += islice(self._wrong_outputs(outputs), MOST_COMPLAINTS)
        response = request.get("response", self.default)
        if response not in list(ResponseType):
            complaints.append(Complaint("$.response", 'must be "raw" or "document"'))
        if complaints:
            raise InvalidRequest(complaints)
        return Execution(
            process=self.process,
            inputs=self.inputs.with_defaults(inputs),
            outputs=self._requested(outputs),
            response=ResponseType(response),
            references=references,
        )

    def _wrong_inputs(self, inputs: Mapping[str, Any], references: References) -> Iterator[Complaint]:
        try:
            self.inputs.read(inputs, references)
        except Unreadable as error:
            yield from error.complaints

    def _wrong_outputs(self, outputs: Mapping[str, Any]) -> Iterator[Complaint]:
        for name, asked in outputs.items():
            path = json_path("outputs", name)
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
            _requested_output(name, {"transmissionMode": default, **outputs.get(name, {})})
            for name in outputs or self.process.outputs
        )


def _requested_output(name: str, asked: Mapping[str, Any]) -> RequestedOutput:
    media_type = (asked.get("format") or {}).get("mediaType")
    return RequestedOutput(name, TransmissionMode(asked["transmissionMode"]), media_type)


def read_again(process: Process, stored: bytes) -> Execution:
    """The execution that a job keeps, for a process that may not be the one that it was validated by.

    Raises:
        InvalidRequest: it does not fit this process.
    """
    request = orjson.loads(stored)
    return RequestReader(process).read(request, from_document(request["references"]))


def read_execution(process: Process, stored: bytes) -> Execution:
    """The execution that a job keeps; it was validated when it was accepted."""
    request = orjson.loads(stored)
    outputs = tuple(_requested_output(name, asked) for name, asked in request["outputs"].items())
    documents = from_document(request["references"])
    return Execution(process, request["inputs"], outputs, ResponseType(request["response"]), documents)


def parse(body: bytes) -> dict[str, Any]:
    """The members of a body. Raises InvalidRequest where it is no JSON object."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidRequest([Complaint("$", f"the body is not JSON: {error.msg} ({place})")]) from None
    if not isinstance(request, dict):
        raise InvalidRequest([Complaint("$", 'the body must be a JSON object such as {"inputs": {}}')])
    if body.count(b"[") + body.count(b"{") > WRITABLE_DEPTH and not _is_writable(request):
        raise InvalidRequest([Complaint("$", f"the body is nested more than {WRITABLE_DEPTH} deep")])
    return request


def _is_writable(request: Any) -> bool:
    """orjson reads deeper than it writes."""
    try:
        orjson.dumps(request)
    except orjson.JSONEncodeError:
        return False
    return True


def _member(request: Mapping[str, Any], name: str, complaints: list[Complaint]) -> dict[str, Any]:
    value = request.get(name, {})
    if isinstance(value, dict):
        return value
    complaints.append(Complaint(f"$.{name}", "must be an object"))
    return {}
