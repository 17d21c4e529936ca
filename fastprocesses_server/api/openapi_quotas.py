"""What the API definition says of clients that ask too often or for too much."""

from typing import Any

from ..settings import Settings
from .openapi_components import headers_of, response
from .rate_limit import is_free

HEADERS = headers_of("RateLimit", "RateLimit-Policy")["headers"]


def metered(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The definition with the answer 429, and with what every answer tells of a limit; as it is where there is none."""
    if not settings.rate_limit:
        return document
    paths = {path: _path(path, methods) for path, methods in document["paths"].items()}
    components = document["components"]
    responses = {name: _told(one) for name, one in components["responses"].items()}
    return {**document, "paths": paths, "components": {**components, "responses": responses}}


def _path(path: str, methods: dict[str, Any]) -> dict[str, Any]:
    return {method: one if is_free(method.upper(), path) else _operation(one) for method, one in methods.items()}


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    answers = {status: _told(one) for status, one in operation["responses"].items()}
    answers["429"] = response("problem429")
    return {**operation, "responses": {status: answers[status] for status in sorted(answers)}}


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """What is referred to is told in the components."""
    return answer if "$ref" in answer else {**answer, "headers": {**answer.get("headers", {}), **HEADERS}}
