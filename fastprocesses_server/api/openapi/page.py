"""The API documentation: the API definition as a page for people."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ...links import JSON
from ..callers.credentials import KEY_HEADER
from ..representation import Page

OpenApi = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Documented:
    """One operation, with everything that it refers to written out, but for schemas."""

    method: str
    path: str
    definition: Mapping[str, Any]
    parameters: Sequence[Mapping[str, Any]]
    responses: Mapping[str, Mapping[str, Any]]
    commands: Sequence[tuple[str, str]]
    """Title and curl line of each example."""

    @property
    def anchor(self) -> str:
        return str(self.definition["operationId"])

    @property
    def body(self) -> Mapping[str, Any] | None:
        content = self.definition.get("requestBody", {}).get("content", {})
        schema: Mapping[str, Any] | None = content.get(JSON, {}).get("schema")
        return schema


def api_page(document: OpenApi) -> Page:
    """It needs no script."""
    operations = list(_operations(document))
    by_tag = {tag["name"]: [o for o in operations if tag["name"] in o.definition["tags"]] for tag in document["tags"]}
    return Page("api_definition.html", "API", facts={"operations": by_tag, "schema_name": _schema_name})


def swagger_page() -> Page:
    """The same, to call the operations from: Swagger UI fetches the definition and shows it."""
    return Page("api_swagger.html", "Swagger UI", (("API", "api?f=html"),))


def _operations(document: OpenApi) -> Iterator[Documented]:
    for path, methods in document["paths"].items():
        for method, definition in methods.items():
            parameters = [_resolved(document, one) for one in definition.get("parameters", ())]
            responses = {status: _resolved(document, one) for status, one in definition["responses"].items()}
            commands = list(_commands(document, path, method, definition))
            yield Documented(method.upper(), path, definition, parameters, responses, commands)


def _resolved(document: OpenApi, part: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in part:
        return part
    _, kind, name = part["$ref"].rsplit("/", 2)
    found: Mapping[str, Any] = document["components"][kind][name]
    return found


def _commands(document: OpenApi, path: str, method: str, definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    url = shlex.quote(document["servers"][0]["url"]) + _with_variables(path) + _with_key(document, definition)
    content = definition.get("requestBody", {}).get("content", {}).get(JSON)
    if content is None:
        yield "Request", f"curl {'' if method == 'get' else f'-X {method.upper()} '}{url}"
        return
    examples = content.get("examples") or {"": {"summary": "Request", "value": {"inputs": {}}}}
    for example in examples.values():
        body = orjson.dumps(example["value"]).decode()
        yield (
            example["summary"],
            f"curl {url} -H {shlex.quote(f'Content-Type: {JSON}')} -d {shlex.quote(body)}",
        )


def _with_key(document: OpenApi, definition: Mapping[str, Any]) -> str:
    """Where callers must show who they are."""
    ways = definition.get("security", document.get("security", ()))
    return "" if not ways or {} in ways else f' -H "{KEY_HEADER}: $KEY"'


def _with_variables(path: str) -> str:
    """`{jobID}` as the shell says it."""
    return re.sub(r"\{(\w+)\}", r"$\1", path)


def _schema_name(schema: Mapping[str, Any]) -> str | None:
    """Of a schema that is one of the components."""
    return str(schema["$ref"]).rpartition("/")[2] if "$ref" in schema else None
