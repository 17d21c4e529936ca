"""What the API definition says of all answers: the name of the request, what is left of a limit, who is sent away."""

from typing import Any

from ...settings import Settings
from ...trail import REQUEST_ID
from ..hosts import is_private
from ..middleware.rate_limit import is_free
from .components import headers_of, response

NAME = headers_of(REQUEST_ID)["headers"]
LEFT = headers_of("RateLimit", "RateLimit-Policy")["headers"]


def completed(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The definition with what the settings have every operation answer."""
    headers = {**NAME, **(LEFT if settings.rate_limit else {})}
    refusals = {"421": response("problem421")} if is_private(settings) else {}
    paths = {path: _path(path, methods, refusals, settings) for path, methods in document["paths"].items()}
    components = document["components"]
    responses = {name: _told(one, headers) for name, one in components["responses"].items()}
    return {**document, "paths": paths, "components": {**components, "responses": responses}}


def _path(path: str, methods: dict[str, Any], refusals: dict[str, Any], settings: Settings) -> dict[str, Any]:
    return {
        method: _metered(one, refusals)
        if settings.rate_limit and not is_free(method.upper(), path)
        else _operation(one, refusals, NAME)
        for method, one in methods.items()
    }


def _metered(operation: dict[str, Any], refusals: dict[str, Any]) -> dict[str, Any]:
    return _operation(operation, {**refusals, "429": response("problem429")}, {**NAME, **LEFT})


def _operation(operation: dict[str, Any], refusals: dict[str, Any], headers: dict[str, Any]) -> dict[str, Any]:
    answers = {status: _told(one, headers) for status, one in operation["responses"].items()} | refusals
    return {**operation, "responses": {status: answers[status] for status in sorted(answers)}}


def _told(answer: dict[str, Any], headers: dict[str, Any]) -> dict[str, Any]:
    """What is referred to is told in the components."""
    return answer if "$ref" in answer else {**answer, "headers": {**answer.get("headers", {}), **headers}}
