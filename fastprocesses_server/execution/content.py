"""The content that a reference leads to: looked at before a job is accepted, or saved as a file by its worker."""

from pathlib import Path
from ssl import SSLError
from typing import Any

import httpx
import orjson

from .guard import Forbidden
from .media_type import BINARY, is_json
from .outgoing import get
from .references import LARGEST_JSON, TOO_SLOW, FetchedFile, FetchedValue, Later, Room, Unreachable


async def peek(client: httpx.AsyncClient, href: str, room: Room) -> FetchedValue | Later:
    """The value, where it is JSON and there is room for it.

    Raises:
        Unreachable: the URL is none, must not be asked, does not answer with success, or lies about being JSON.
    """
    try:
        async with get(client, href) as response:
            media_type = _checked(response)
            if not is_json(media_type):
                return Later()
            body = bytearray()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > LARGEST_JSON:
                    return Later()
    except _FAILURES as error:
        raise Unreachable(_reason(error)) from None
    return FetchedValue(_parsed(body), media_type) if room.take(len(body)) else Later()


async def download(client: httpx.AsyncClient, href: str, target: Path, largest: int) -> FetchedFile:
    """The content as a file, never in memory.

    Raises:
        Unreachable: as for `peek`, and for more than `largest` bytes.
    """
    try:
        async with get(client, href) as response:
            media_type = _checked(response)
            _check_size(int(response.headers.get("content-length", 0)), largest)
            with target.open("wb") as file:
                async for piece in response.aiter_raw():
                    file.write(piece)
                    _check_size(file.tell(), largest)
    except _FAILURES as error:
        raise Unreachable(_reason(error)) from None
    return FetchedFile(target, media_type)


_FAILURES = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, SSLError, Forbidden)
"""UnicodeError: of a host name that has no meaning, SSLError: of garbage after the handshake; httpx lets both pass."""


def _checked(response: httpx.Response) -> str:
    """Its media type. What is compressed is refused: a few bytes of it may fill any memory."""
    if not response.is_success:
        raise Unreachable(f"the server answers with status {response.status_code}")
    if (encoding := response.headers.get("content-encoding", "identity").strip().lower()) not in ("", "identity"):
        raise Unreachable(f"the server sends it compressed ({encoding[:20]}), which was not asked for")
    return str(response.headers.get("content-type", BINARY))


def _check_size(size: int, largest: int) -> None:
    if size > largest:
        raise Unreachable(f"is larger than {largest} bytes, the most that may be fetched")


def _reason(error: Exception) -> str:
    match error:
        case Forbidden():
            return str(error)
        case httpx.TooManyRedirects():
            return "leads through too many redirects"
        case httpx.TimeoutException():
            return TOO_SLOW
        case httpx.ProxyError():
            return f"the proxy on the way out answers {error}"
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | UnicodeError():
            return "is no URL that can be fetched: only http and https can"
        case _:
            return "the server cannot be reached"


def _parsed(body: bytearray) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreachable(f"is called JSON and is none: {error}") from None
