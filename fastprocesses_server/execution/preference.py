"""What a client prefers: `Prefer` (RFC 7240), read as leniently as clients write it, and `Cache-Control` (RFC 9111)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

PREFERENCE = re.compile(
    r"""\s*(?P<name>[!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[^\s;,"]*)))?[^,"]*(?:"(?:[^"\\]|\\.)*"[^,"]*)*"""
)


@dataclass(frozen=True, slots=True)
class Preference:
    """What of it concerns an execution: `wait` in seconds; `respond-sync` is what clients of fastprocesses say."""

    respond_async: bool = False
    wait: float | None = None
    respond_sync: bool = False


def read_preference(headers: Iterable[str]) -> Preference:
    """All `Prefer` headers of a request; of a name that comes twice the first counts, unknown ones do not."""
    values: dict[str, str] = {}
    for header in headers:
        for match in PREFERENCE.finditer(header):
            values.setdefault(match["name"].lower(), match["quoted"] or match["token"] or "")
    wait = values.get("wait", "")
    return Preference(
        respond_async="respond-async" in values,
        respond_sync="respond-sync" in values,
        wait=float(wait) if wait.isdecimal() else None,
    )


def wants_fresh_outputs(headers: Iterable[str]) -> bool:
    """Whether the `Cache-Control` headers of a request say that the answer must not come from a cache."""
    directives = {directive.strip().lower() for header in headers for directive in header.split(",")}
    return "no-cache" in directives
