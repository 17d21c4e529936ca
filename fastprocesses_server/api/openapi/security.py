"""What the API definition says of callers who must show who they are (/req/oas30/security)."""

from typing import Any

from ...settings import Settings
from ..callers.authentication import OPEN, is_unasked
from ..callers.credentials import KEY_HEADER, cookie_at
from .components import response

SCHEMES = ("bearer", "apiKey", "session")
BY_ROLE = "/processes/"


def secured(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The definition with security schemes, and with the answers 401 and 403; as it is where nobody is asked."""
    if not settings.asks_who:
        return document
    is_optional = settings.auth == "optional"
    cookie = cookie_at(document["servers"][0]["url"])
    components = {**document["components"], "securitySchemes": _schemes(settings, cookie)}
    paths = {path: _secured_path(path, methods) for path, methods in document["paths"].items()}
    nobody: list[dict[str, list[str]]] = [{}] if is_optional else []
    return {
        **document,
        "security": [*({name: []} for name in SCHEMES), *nobody],
        "paths": paths,
        "components": components,
    }


def _schemes(settings: Settings, cookie: str) -> dict[str, dict[str, str]]:
    shown = "An API key, or a token (JWT) of the issuer" if settings.takes_tokens else "An API key"
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": f"{shown}: `Authorization: Bearer KEY`."},
        "apiKey": {"type": "apiKey", "in": "header", "name": KEY_HEADER, "description": "An API key."},
        "session": {"type": "apiKey", "in": "cookie", "name": cookie, "description": "Of browsers, from `/login`."},
    }


def _secured_path(path: str, methods: dict[str, Any]) -> dict[str, Any]:
    if is_unasked(path):
        return {method: {**one, "security": []} for method, one in methods.items()}
    refused = {"401": response("problem401"), "429": response("problem429")}
    if path.startswith(BY_ROLE):
        refused["403"] = response("problem403")
    open_to_all: dict[str, Any] = {"security": [{}, *({name: []} for name in SCHEMES)]} if path in OPEN else {}
    return {method: {**one, **open_to_all, "responses": _with(one, refused)} for method, one in methods.items()}


def _with(operation: dict[str, Any], refused: dict[str, Any]) -> dict[str, Any]:
    answers = {**operation["responses"], **refused}
    return {status: answers[status] for status in sorted(answers)}
