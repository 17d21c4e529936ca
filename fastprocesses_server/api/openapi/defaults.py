"""What an execute request means that leaves something unsaid: told where settings depart from the standard."""

from typing import Any

from ...settings import Settings
from .components import PARAMETERS
from .schemas import COMPONENT_SCHEMAS, Schema, words

DOCUMENT = "Requests that say no `response` get the document; the standard's default is raw."
JOB = "Requests without `Prefer` become jobs where both modes are offered; the standard's default is a synchronous run."


def departures(settings: Settings) -> list[str]:
    """One line for each, for the log."""
    said = {"FP_DEFAULT_RESPONSE=document": _of_response(settings), "FP_DEFAULT_MODE=async": _of_mode(settings)}
    return [f"{setting} is outside the standard: {text}" for setting, text in said.items() if text]


def response_member(settings: Settings) -> Schema:
    text = _of_response(settings)
    member = {**words("raw", "document"), "default": settings.default_response}
    return {**member, "description": text} if text else member


def component_schemas(settings: Settings) -> dict[str, Schema]:
    execute = COMPONENT_SCHEMAS["execute"]
    members = {**execute["properties"], "response": response_member(settings)}
    return {**COMPONENT_SCHEMAS, "execute": {**execute, "properties": members}}


def component_parameters(settings: Settings) -> dict[str, dict[str, Any]]:
    prefer = PARAMETERS["prefer"]
    texts = [prefer["description"], _of_mode(settings)]
    return {**PARAMETERS, "prefer": {**prefer, "description": " ".join(filter(None, texts))}}


def _of_response(settings: Settings) -> str:
    return DOCUMENT if settings.default_response == "document" else ""


def _of_mode(settings: Settings) -> str:
    return JOB if settings.default_mode == "async" else ""
