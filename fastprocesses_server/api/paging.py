"""Pages of lists: `limit`, `offset` and `cursor`, and the links to the pages beside this one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..jobs.selection import Cursor, Direction, Window
from ..jobs.store import JobPage
from ..links import Link, link, with_query
from .query import Query

DEFAULT_LIMIT = 10
LARGEST_LIMIT = 10_000
TITLES = {"self": "This page", "next": "Next page", "prev": "Previous page"}


@dataclass(frozen=True, slots=True)
class Slice:
    """Which items of a list whose length is known, counted from its beginning."""

    limit: int
    offset: int

    @property
    def end(self) -> int:
        return self.offset + self.limit

    def links(self, url: str, title: str, *, has_more: bool, **kept: str) -> list[Link]:
        """To this page and those beside it; `kept` is the rest of the query."""

        def there(offset: int, rel: str, title: str) -> Link:
            return link(with_query(url, **kept, limit=self.limit, offset=offset), rel, title)

        links = [there(self.offset, "self", title)]
        if has_more:
            links.append(there(self.end, "next", "Next page"))
        if self.offset:
            links.append(there(max(self.offset - self.limit, 0), "prev", "Previous page"))
        return links


def read_slice(query: Query) -> Slice:
    """/req/core/pl-limit-definition"""
    limit, offset = _read_limits(query)
    return Slice(limit, offset)


def read_window(query: Query) -> Window:
    """/req/job-list/limit-definition; an offset goes to the older jobs."""
    limit, offset = _read_limits(query)
    window = Window(limit, offset, _read_cursor(query))
    return window if window.direction == Direction.OLDER else replace(window, offset=0)


def _read_limits(query: Query) -> tuple[int, int]:
    """Limit and offset; a limit over the largest is taken as the largest."""
    limit, offset = query.integer("limit", least=1), query.integer("offset", least=0)
    return min(limit or DEFAULT_LIMIT, LARGEST_LIMIT), offset or 0


def _read_cursor(query: Query) -> Cursor | None:
    text = query.text("cursor")
    if text is None:
        return None
    match = re.fullmatch(r"(older|newer)-([0-9]{1,15})-(.+)", text)
    if not match:
        query.complain("cursor", "is none of this server's; follow the links next and prev")
        return None
    return Cursor(Direction(match[1]), int(match[2]), match[3])


def window_links(url: str, query: Mapping[str, Sequence[str]], window: Window, page: JobPage) -> list[Link]:
    """Links to a page and those beside it, which keep the rest of the query."""
    windows = {"self": window, **neighbours(window, page)}
    return [
        link(with_query(url, **{**query, **_parameters(there)}), rel, TITLES[rel]) for rel, there in windows.items()
    ]


def neighbours(window: Window, page: JobPage) -> dict[str, Window]:
    """The older jobs are `next`, the newer ones `prev`. Where a page comes from, there is a way back."""
    limit, cursor = window.limit, window.cursor
    beyond = Window(limit, page.left_out, page.beyond) if page.beyond else None
    origin = Window(limit, cursor=cursor.back()) if cursor else None
    if window.offset:
        origin = replace(window, offset=max(window.offset - limit, 0))
    following, previous = (beyond, origin) if window.direction == Direction.OLDER else (origin, beyond)
    return {rel: there for rel, there in (("next", following), ("prev", previous)) if there}


def _parameters(window: Window) -> dict[str, Any]:
    cursor = window.cursor
    return {
        "limit": window.limit,
        **({"offset": window.offset} if window.offset else {}),
        **({"cursor": f"{cursor.direction}-{cursor.created}-{cursor.job_id}"} if cursor else {}),
    }
