"""Which media type and which methods: the query parameter `f`, the header `Accept`, `Allow`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import QueryParams
from starlette.routing import Match

from ..errors import Complaint, InvalidRequest, Problem
from ..execution.media_type import is_json
from ..links import HTML, JSON, PLAIN

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

JAVA_PROGRAM = re.compile(r"text/html, image/gif, image/jpeg, ")
"""The start of what every Java program sends that asks for nothing in particular; it wants no page."""

QUALITY = re.compile(r"[01]?\.?[0-9]*")


class NotAcceptable(Problem):
    """Nothing that the client accepts is offered (RFC 9110, section 15.5.7)."""

    status = HTTPStatus.NOT_ACCEPTABLE
    title = "Not acceptable"


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a resource: its value of `f`, and its media type."""

    name: str
    media_type: str


AS_JSON = Form("json", JSON)
AS_HTML = Form("html", HTML)
AS_TEXT = Form("text", PLAIN)


@dataclass(frozen=True, slots=True)
class Range:
    """One item of an `Accept` header."""

    media_type: str
    parameters: Mapping[str, str]
    quality: float

    def closeness(self, form: Form) -> int:
        """How exactly it means the form, 0 for not at all; JSON means every kind of JSON."""
        offered, parameters = _split(form.media_type)
        if self.media_type == offered:
            named = [parameters[name] == value for name, value in self.parameters.items() if name in parameters]
            return 4 + len(named) if all(named) else 0
        if self.media_type == JSON and is_json(offered):
            return 3
        if self.media_type == f"{offered.partition('/')[0]}/*":
            return 2
        return 1 if self.media_type in ("*/*", "*") else 0


def negotiate(request: Request, *forms: Form) -> Form:
    """The form to answer in, JSON where none are named; `f` wins over `Accept`.

    Raises:
        InvalidRequest: for an `f` that is not offered.
        NotAcceptable: where `Accept` leaves nothing.
    """
    offered = forms or (AS_JSON,)
    name = _asked(request.scope["query_string"])
    if name is None:
        return choose_form(", ".join(request.headers.getlist("accept")), offered)
    for form in offered:
        if form.name == name:
            return form
    raise InvalidRequest([Complaint("f", f"must be one of: {', '.join(form.name for form in offered)}")])


@lru_cache(maxsize=128)
def _asked(query: bytes) -> str | None:
    return QueryParams(query).get("f")


def prefers_page(request: Request) -> bool:
    """Whether a page is what the client wants most, where the answer may be of any type."""
    if name := request.query_params.get("f"):
        return name == AS_HTML.name
    accept = ", ".join(request.headers.getlist("accept"))
    ranges = [] if JAVA_PROGRAM.match(accept) else list(_ranges(accept))
    html = max((range_.quality for range_ in ranges if range_.media_type == HTML), default=0)
    return 0 < html >= max(range_.quality for range_ in ranges)


@lru_cache(maxsize=128)  # clients of one kind all send the same
def choose_form(accept: str, offered: tuple[Form, ...]) -> Form:
    """Of equally welcome forms the first; what cannot be read in the header counts as not sent.

    Raises:
        NotAcceptable: where nothing is welcome.
    """
    ranges = [] if JAVA_PROGRAM.match(accept) else list(_ranges(accept))
    if not ranges:
        return offered[0]
    best = max(offered, key=lambda form: _quality(ranges, form))
    if not _quality(ranges, best):
        raise NotAcceptable(f"Here is only {', '.join(form.media_type for form in offered)}.")
    return best


def _quality(ranges: Sequence[Range], form: Form) -> float:
    """That of the range that means the form most exactly."""
    closest = max(ranges, key=lambda range_: (range_.closeness(form), range_.quality))
    return closest.quality if closest.closeness(form) else 0


def _ranges(accept: str) -> Iterator[Range]:
    for item in accept.split(","):
        media_type, parameters = _split(item)
        if "/" in media_type or media_type == "*":
            yield Range(media_type, parameters, _number(parameters.pop("q", "1")))


def _split(media_type: str) -> tuple[str, dict[str, str]]:
    essence, *parameters = (part.strip().lower() for part in media_type.split(";"))
    pairs = (part.partition("=") for part in parameters)
    return essence, {name.strip(): value.strip(' "') for name, _, value in pairs}


def _number(quality: str) -> float:
    return min(float(quality), 1) if QUALITY.fullmatch(quality) and quality.strip(".") else 1


def allowed_methods(request: Request) -> list[str]:
    """What `Allow` names for this path, whichever routes share it."""
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]
