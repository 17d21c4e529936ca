"""Where each value of an effective description comes from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic.alias_generators import to_camel

from ..processes.annotations import RETURN
from ..processes.description_file import module_of
from ..processes.positions import Where
from ..processes.reports import RESULT
from ..settings import Settings, setting_names
from .effective import Effective, members

BUILT_IN = "built-in default"
SETTINGS: dict[Where, str] = {
    ("run", "timeLimit", "soft"): "time_limit_soft",
    ("run", "timeLimit", "hard"): "time_limit_hard",
    ("results", "cache"): "cache_ttl_hours",
    ("results", "keep"): "results_ttl_days",
}
"""Members that settings stand in for, and their names."""
LONGEST = 40


@dataclass(frozen=True, slots=True)
class Origin:
    member: str
    value: str
    where: str
    """A place in the file or of the callable, a setting, or a built-in default."""


def origins(effective: Effective, settings: Settings) -> list[Origin]:
    return [
        Origin(".".join(map(str, where)), _short(value), _origin(effective, settings, where, value))
        for where, value in _leaves(members(effective, settings), ())
    ]


def table(rows: list[Origin]) -> str:
    member, value = (max(map(len, column)) for column in zip(*((row.member, row.value) for row in rows), strict=True))
    return "".join(f"{row.member:<{member}}  {row.value:<{value}}  {row.where}\n" for row in rows)


def _leaves(value: Any, where: Where) -> Iterator[tuple[Where, Any]]:
    """Keywords of a schema, and examples, are shown as wholes."""
    is_whole = where[-2:-1] == ("schema",) or (where[:1] == ("examples",) and len(where) > 1)
    if not isinstance(value, dict) or is_whole or not value:
        yield where, value
        return
    for name, member in value.items():
        yield from _leaves(member, (*where, name))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _origin(effective: Effective, settings: Settings, where: Where, value: Any) -> str:
    reading = effective.document.reading
    if position := reading.keys.get(where, reading.values.get(where)):
        return f"{effective.document.source}:{position.line}:{position.column}"
    return _of_class(effective, where) or _unwritten(effective, settings, where, value)


def _unwritten(effective: Effective, settings: Settings, where: Where, value: Any) -> str:
    """Of a member that the file leaves out."""
    match where:
        case ("id",):
            return f"the name of {effective.document.source}"
        case ("version",):
            module = module_of(effective.found.target)
            return f"__version__ of {module}" if effective.found.version else BUILT_IN
        case ("title" | "description",):
            return _at(effective, "docstring")
        case ("inputs" | "outputs", name, *rest):
            return _of_described(effective, str(where[0]), str(name), tuple(rest), value)
        case _:
            return _of_setting(settings, SETTINGS[where]) if where in SETTINGS else BUILT_IN


def _of_class(effective: Effective, where: Where) -> str:
    """Empty where the callable is no class written for fastprocesses, or one that does not say this itself."""
    found = effective.found
    if found.request is None:
        return ""
    texts = {to_camel(name): value for name, value in found.texts.items()}
    said: Any = {**texts, "version": found.version, "inputs": found.inputs, "outputs": found.outputs}
    for step in where:
        said = said.get(step) if isinstance(said, dict) else None
    return "" if said is None else _at(effective, "process_description")


def _of_described(effective: Effective, side: str, name: str, rest: Where, value: Any) -> str:
    """What the callable says of an output that the file has renamed stands under `result`."""
    found = effective.found
    inferred = found.inputs.get(name) if side == "inputs" else found.outputs.get(name, found.outputs.get(RESULT))
    if not inferred or (rest and rest[0] not in inferred):
        return BUILT_IN
    keys = (name,) if side == "inputs" else (f"{RETURN}.{name}", RETURN)
    said = [found.documented[key].get("description") for key in keys if key in found.documented]
    return _at(effective, "docstring" if rest == ("description",) and value in said else "signature")


def _at(effective: Effective, what: str) -> str:
    return f"{what}, {effective.found.place}" if effective.found.place else what


def _of_setting(settings: Settings, field: str) -> str:
    name = setting_names()[field][0]
    return name if field in settings.model_fields_set else f"default of {name}"
