"""Query parameters of lists: `limit` and `offset`, and the links to the pages beside this one."""

from dataclasses import dataclass

from fastapi import Request

from ..errors import Complaint, InvalidRequest
from .links import Link, link, with_query

DEFAULT_LIMIT = 10
LARGEST_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    offset: int

    def links(self, url: str, title: str, *, has_more: bool) -> list[Link]:
        links = [link(self._url(url, self.offset), "self", title)]
        if has_more:
            links.append(link(self._url(url, self.offset + self.limit), "next", "Next page"))
        if self.offset:
            links.append(link(self._url(url, max(self.offset - self.limit, 0)), "prev", "Previous page"))
        return links

    def _url(self, url: str, offset: int) -> str:
        return with_query(url, limit=self.limit, offset=offset)


def read_page(request: Request) -> Page:
    """/req/core/pl-limit-definition; a limit over the largest is taken as the largest."""
    limit = _integer(request, "limit", DEFAULT_LIMIT, least=1)
    return Page(min(limit, LARGEST_LIMIT), _integer(request, "offset", 0, least=0))


def _integer(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) >= least):
        raise InvalidRequest([Complaint(name, f"must be an integer of at least {least}")])
    return int(text)
