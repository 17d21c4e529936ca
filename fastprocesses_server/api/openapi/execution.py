"""The execution of one process in the API definition: its body, its examples and its results."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...execution.media_type import BINARY, alternatives, declared_media_type, holds_binary, media_type_of
from ...links import JSON
from ...processes.description import Input, JobControlOption, Output, Process
from ...processes.keywords import DEFINITIONS
from ...processes.published import published
from ...settings import Settings
from .components import document_of, response, response_of
from .defaults import response_member
from .dialects import Dialect
from .operations import Operation, operation
from .schemas import TEXT, Schema, array_of, object_of, schema_reference, words


@dataclass(frozen=True, slots=True)
class Part:
    """One form of an input or output: the name of its schema among the components, and the schema as a JSON value."""

    name: str
    media_type: str
    schema: Schema
    is_binary: bool
    is_guessed: bool

    @property
    def reference(self) -> Schema:
        return schema_reference(self.name)

    @property
    def raw(self) -> Schema:
        """The schema of the value where it is sent as itself."""
        return {"type": "string", "format": "binary"} if self.is_binary else self.reference


class ProcessPath:
    """`/processes/{processID}/execution` of one process."""

    def __init__(self, process: Process, settings: Settings, dialect: Dialect) -> None:
        self.process = process
        self.settings = settings
        self.inputs = {
            name: list(_parts(process, "inputs", name, one, dialect)) for name, one in process.inputs.items()
        }
        self.outputs = {
            name: list(_parts(process, "outputs", name, one, dialect)) for name, one in process.outputs.items()
        }

    @property
    def path(self) -> str:
        return f"/processes/{self.process.id}/execution"

    @property
    def schemas(self) -> dict[str, Schema]:
        """What the components must have for this path."""
        described = [*self.inputs.values(), *self.outputs.values()]
        return {part.name: part.schema for parts in described for part in parts}

    def operation(self) -> Operation:
        execute = operation(
            "Processes",
            f"execute-{self.process.id}",
            self.process.title or self.process.id,
            self._answers(),
            takes=["prefer", "idempotencyKey", "cacheControl", "traceparent"],
            description=self.process.description or "",
            errors=self._errors(),
        )
        content = {"schema": self._request(), "examples": examples_of(self.process)}
        body = {"required": True, "content": {JSON: {name: value for name, value in content.items() if value}}}
        return {**execute, "requestBody": body}

    def _errors(self) -> list[int]:
        """404 and 410: the process may go with the next start of the server, the run while its client waits."""
        can_time_out = self.settings.sync_execution_timeout_seconds and self.process.offers(
            JobControlOption.SYNC_EXECUTE
        )
        quotas = [429] if self.settings.max_jobs_per_client else []
        return [403, 404, 408, 410, 413, 415, 422, *quotas, 503, *([504] if can_time_out else [])]

    def _request(self) -> Schema:
        """execute.yaml"""
        required = [name for name, described in self.process.inputs.items() if described.is_required]
        inputs = {name: _input(described, self.inputs[name]) for name, described in self.process.inputs.items()}
        outputs = {name: self._choice(parts) for name, parts in self.outputs.items()}
        return object_of(
            ("inputs",) if required else (),
            inputs={**object_of(tuple(required)), "properties": inputs, "additionalProperties": False},
            outputs={"type": "object", "properties": outputs, "additionalProperties": False},
            response=response_member(self.settings),
            subscriber=schema_reference("subscriber"),
        )

    def _choice(self, parts: Iterable[Part]) -> Schema:
        """output.yaml"""
        return object_of(
            transmissionMode=words(*self.process.output_transmission),
            format=object_of(mediaType={"type": "string", "example": next(iter(parts)).media_type}),
        )

    def _answers(self) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        if self.process.offers(JobControlOption.SYNC_EXECUTE):
            linked = ["Link"] if self.settings.keep_sync_jobs else []
            headers = ["Cache-Status", "Content-Disposition", "Preference-Applied", *linked]
            answers["200"] = response_of("The results", self._results(), *headers)
            answers["204"] = response("byReference")
        if self.process.offers(JobControlOption.ASYNC_EXECUTE):
            answers["201"] = document_of(
                "statusInfo", "A job was made", "Cache-Status", "Location", "Preference-Applied"
            )
        return dict(sorted(answers.items()))

    def _results(self) -> dict[str, Schema]:
        """By media type: the document, every output as itself, and several of them as parts."""
        forms: dict[str, list[Schema]] = {JSON: [self._document()]}
        for part in (part for parts in self.outputs.values() for part in parts):
            forms.setdefault("*/*" if part.is_guessed else part.media_type, []).append(part.raw)
        if len(self.outputs) > 1:
            parts = {name: any_of(part.raw for part in parts) for name, parts in self.outputs.items()}
            forms["multipart/related"] = [{"type": "object", "properties": parts}]
        return {media_type: any_of(schemas) for media_type, schemas in forms.items()}

    def _document(self) -> Schema:
        """results.yaml"""
        values = {name: {"anyOf": [*_forms(parts), schema_reference("link")]} for name, parts in self.outputs.items()}
        return {"type": "object", "properties": values}


def _parts(process: Process, kind: str, name: str, described: Input | Output, dialect: Dialect) -> Iterator[Part]:
    """What the schema has of definitions goes with each of its members."""
    schema = described.schema_
    definitions = {keyword: schema[keyword] for keyword in DEFINITIONS if keyword in schema}
    members = alternatives(schema)
    for number, member in enumerate(members, start=1):
        ending = f".{number}" if len(members) > 1 else ""
        yield Part(
            name=f"{process.id}.{kind}.{_as_key(name)}{ending}",
            media_type=media_type_of(member),
            schema=dialect.schema(published({**definitions, **member})),
            is_binary=holds_binary(member),
            is_guessed=media_type_of(member) == BINARY and declared_media_type(member) is None,
        )


def _as_key(name: str) -> str:
    """Keys of components know fewer characters than names of inputs."""
    return re.sub(r"[^A-Za-z0-9.-]", lambda match: "_" if match[0] == "_" else f"_{ord(match[0]):x}_", name)


def _forms(parts: Iterable[Part]) -> list[Schema]:
    """The value as itself, and as an object that says what it is."""
    value = any_of(part.reference for part in parts)
    qualified = object_of(("value",), value=value, mediaType=TEXT, encoding=TEXT, format=schema_reference("format"))
    return [*value.get("anyOf", [value]), qualified]


def _input(described: Input, parts: Iterable[Part]) -> Schema:
    """inlineOrRefData.yaml; several where the description takes several."""
    forms = [*_forms(parts), schema_reference("reference")]
    if described.takes_many:
        several = {**array_of({"anyOf": forms}), "minItems": described.min_occurs}
        if described.max_occurs != "unbounded":
            several["maxItems"] = described.max_occurs
        forms = [*forms, several]
    texts = {"title": described.title, "description": described.description}
    return {**{name: text for name, text in texts.items() if text}, "anyOf": forms}


def any_of(schemas: Iterable[Schema]) -> Schema:
    different: list[Schema] = []
    for schema in schemas:
        if schema not in different:
            different.append(schema)
    return different[0] if len(different) == 1 else {"anyOf": different}


def examples_of(process: Process) -> dict[str, Any]:
    """Those of the description file; else one of what the schemas themselves tell of required inputs."""
    if process.examples:
        return {
            name: {"summary": example.title or name, "value": {"inputs": example.inputs}}
            for name, example in process.examples.items()
        }
    required = {name: described for name, described in process.inputs.items() if described.is_required}
    inputs = {name: value for name, described in required.items() for value in _told(described.schema_)}
    return (
        {"least": {"summary": "What is required", "value": {"inputs": inputs}}} if len(inputs) == len(required) else {}
    )


def _told(schema: Mapping[str, Any]) -> list[Any]:
    """A value that the schema itself gives, if it does."""
    given = [*schema.get("examples", ()), *([schema["example"]] if "example" in schema else [])]
    return [*given, *([schema["const"]] if "const" in schema else []), *schema.get("enum", ())][:1]
