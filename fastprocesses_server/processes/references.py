"""What a `$ref` within a schema refers to."""

from typing import Any
from urllib.parse import unquote


def target_of(reference: str, root: Any) -> Any:
    """The part of the root that `#/…` names. Raises LookupError where it names nothing."""
    if reference not in {"#", "#/"} and not reference.startswith("#/"):
        raise LookupError(reference)
    place = root
    for step in unquote(reference).removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            place = place[int(name)] if isinstance(place, list) else place[name]
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise LookupError(reference) from error
    return place
