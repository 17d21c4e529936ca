"""Did you mean: the nearest of the names that would have been right."""

import difflib
from collections.abc import Iterable

LONGEST = 200
"""Characters of a name; longer ones are no slip, and comparing them would take long."""


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Empty where nothing is near."""
    if len(name) > LONGEST:
        return ""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[near[0]] if near else ""


def suggest(name: str, known: Iterable[str]) -> str:
    """A clause to append to a complaint about `name`; empty where nothing is near."""
    near = nearest(name, known)
    return f'; did you mean "{near}"?' if near else ""
