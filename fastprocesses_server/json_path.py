"""Paths of values in a request, for people and programs: `$.inputs.numbers[1]` (RFC 9535)."""

import re

PLAIN_NAME = re.compile(r"[\w-]+")
STEPS = re.compile(r"\[(\d+)\]|\.([\w-]+)|\['((?:[^'\\]|\\.)*)'\]", re.DOTALL)


def json_path(*steps: str | int, base: str = "$") -> str:
    """A name that a dot would not set off stands in brackets: `$.inputs['a.b']`."""
    return base + "".join(map(_step, steps))


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if PLAIN_NAME.fullmatch(step):
        return f".{step}"
    return "['" + re.sub(r"([\\'])", r"\\\1", step) + "']"


def steps_of(path: str) -> tuple[str | int, ...]:
    """What `json_path` made the path of."""
    found = STEPS.findall(path)
    return tuple(int(index) if index else name or re.sub(r"(?s)\\(.)", r"\1", quoted) for index, name, quoted in found)
