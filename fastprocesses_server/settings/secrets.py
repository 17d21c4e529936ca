"""Values of settings that nothing may show, and texts without them."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import SecretStr

if TYPE_CHECKING:
    from .loading import Settings

SHORTEST = 6
"""Characters; what is shorter may be part of any word."""
MASK = "**********"


def secret_values(settings: "Settings") -> tuple[str, ...]:
    """As they are and as they stand in URLs, the longest first; of URLs their passwords."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    texts = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
    found = {form for text in texts for secret in _within(text) for form in (secret, quote(secret, safe=""))}
    return tuple(sorted((form for form in found if len(form) >= SHORTEST), key=len, reverse=True))


def _within(text: str) -> Iterator[str]:
    if "://" not in text:
        yield text
        return
    url = urlsplit(text)
    if url.password:
        yield from (url.password, unquote(url.password))
    yield from (value for name, value in parse_qsl(url.query) if "password" in name)


def without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    return text
