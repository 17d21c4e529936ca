"""JSON documents as responses."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import Response

from .links import JSON, Link


def json_response(
    document: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = JSON
) -> Response:
    return Response(orjson.dumps(document), status_code=status, media_type=media_type, headers=dict(headers or {}))


def linked_response(document: Mapping[str, Any]) -> Response:
    """A document whose links stand in a `Link` header too (/rec/core/link-header)."""
    return json_response(document, headers={"Link": link_header(document["links"])})


def link_header(links: Sequence[Link]) -> str:
    return ", ".join(
        "; ".join([f"<{link['href']}>", *(f'{name}="{value}"' for name, value in link.items() if name != "href")])
        for link in links
    )
