"""The `Prefer` header (RFC 7240), read as leniently as clients write it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

PREFERENCE = re.compile(
    r"""\s*(?P<name>[!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[^\s;,"]*)))?[^,"]*(?:"(?:[^"\\]|\\.)*"[^,"]*)*"""
)


@dataclass(frozen=True, slots=True)
class Preference:
    """What of it concerns an execution: `wait` in seconds."""

    respond_async: bool = False
    wait: float | None = None


def read_preference(headers: Iterable[str]) -> Preference:
    """All `Prefer` headers of a request; of a name that comes twice the first counts, unknown ones do not."""
    values: dict[str, str] = {}
    for header in headers:
        for match in PREFERENCE.finditer(header):
            values.setdefault(match["name"].lower(), match["quoted"] or match["token"] or "")
    wait = values.get("wait", "")
    return Preference(respond_async="respond-async" in values, wait=float(wait) if wait.isdecimal() else None)
