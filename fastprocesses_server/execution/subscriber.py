"""`subscriber` of the execute request (subscriber.yaml): whom to tell what becomes of a job, checked before it runs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import Complaint
from .guard import Forbidden, Guard, host_and_port

if TYPE_CHECKING:
    import httpx

SECONDS = 5
"""For the look-up of a host."""

MEMBERS = ("successUri", "inProgressUri", "failedUri")
"""subscriber.yaml requires a `successUrl` that it does not define: none of them is required here."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """URLs that are posted to, and the base of this server's URLs as the subscriber used it."""

    base: str
    success_uri: str | None = None
    in_progress_uri: str | None = None
    failed_uri: str | None = None


async def read_subscriber(
    request: Mapping[str, Any], guard: Guard, base: str
) -> tuple[Subscriber | None, list[Complaint]]:
    """Whom the request names, and what is wrong with that: types, URLs, addresses that must not be asked from here."""
    named = request.get("subscriber", {})
    if not isinstance(named, dict):
        return None, [Complaint("$.subscriber", "must be an object")]
    given = {name: named[name] for name in MEMBERS if name in named}
    found = await asyncio.gather(*(_checked(f"$.subscriber.{name}", uri, guard) for name, uri in given.items()))
    wrong = [one for one in found if isinstance(one, Complaint)]
    if wrong or not given:
        return None, wrong
    uris = dict(zip(given, map(str, found), strict=True))
    return Subscriber(base, *(uris.get(name) for name in MEMBERS)), []


async def _checked(path: str, uri: Any, guard: Guard) -> "httpx.URL | Complaint":
    if not isinstance(uri, str):
        return Complaint(path, "must be a URL")
    try:
        url = await asyncio.to_thread(_read_url, uri)
        guard.check_url(url)
        async with asyncio.timeout(SECONDS):
            await guard.address_for_async(*host_and_port(url))
    except Forbidden as error:
        return Complaint(path, str(error))
    except UnicodeError as error:
        return Complaint(path, f"is no URL: {error}")
    except TimeoutError:
        return Complaint(path, f"the host {url.host} cannot be looked up in time")
    return url


def _read_url(uri: str) -> "httpx.URL":
    """Raises Forbidden for what is none. The first one takes long."""
    from httpx import URL, InvalidURL  # noqa: PLC0415 - their library takes 7 MB, and few requests have a subscriber

    try:
        return URL(uri)
    except InvalidURL as error:
        raise Forbidden(f"is no URL: {error}") from None
