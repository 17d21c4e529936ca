"""A resource in the form that its client prefers: the JSON document, or a page that shows all it says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from ..links import HTML, Link, with_form
from ..settings import Settings
from .callers.caller import NOBODY, Caller, caller_of
from .documents import Document, encode, link_header
from .negotiation import AS_HTML, AS_JSON, Form
from .pages import page_headers, templates
from .services import services_of

FORMS = (AS_JSON, AS_HTML)


@dataclass(frozen=True, slots=True)
class Page:
    """How people see a document."""

    template: str
    title: str
    trail: tuple[tuple[str, str], ...] = ()
    """The pages above it: titles, and paths below that of the landing page."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the template needs beside the document."""


def represent(
    request: Request, form: Form, document: Mapping[str, Any], page: Page, *, links: Sequence[Link] = ()
) -> Document:
    """The document in one of `FORMS`; its links, or these, say where the other is (/req/core/pl-links)."""
    shown = [*links_in(form, links or document.get("links", ()))]
    if form == AS_HTML:
        return show(request, page, document, shown)
    return encode({**document, "links": shown} if "links" in document else document, links=shown)


def show(request: Request, page: Page, document: Mapping[str, Any], links: Sequence[Link] = ()) -> Document:
    """The page, with these links."""
    settings = services_of(request).settings
    headers = {"Link": link_header(links)} if links else {}
    body = render(settings, request.url.path, page, document, links, caller=caller_of(request))
    return Document(body.encode(), HTML, {**headers, **page_headers(settings)}, is_compressible=True)


def render(
    settings: Settings,
    path: str,
    page: Page,
    document: Mapping[str, Any],
    links: Sequence[Link],
    *,
    caller: Caller = NOBODY,
) -> str:
    """HTML 5. Its own links and assets are relative to `path`, so that they lead to where the page came from."""
    root = "../" * (path.count("/") - 1) or "./"
    template = templates(settings.templates_dir).get_template(page.template)
    facts = {"title": page.title, "trail": page.trail, "document": document, "links": links, **page.facts}
    return template.render(settings=settings, root=root, path=path, caller=caller, **facts)


def kept_for(request: Request, form: Form) -> tuple[Form, str]:
    """Who gets the same: pages say whose they are, documents do not."""
    return form, caller_of(request).name if form.media_type == HTML else ""


def links_in(form: Form, links: Sequence[Link]) -> Iterator[Link]:
    """What is `self` in this form has an `alternate` in the other."""
    for one in links:
        if one["rel"] != "self":
            yield one
            continue
        yield one if form == AS_JSON else {**one, "href": with_form(one["href"], form.name), "type": form.media_type}
        for other in FORMS:
            if other != form:
                href, title = with_form(one["href"], other.name), f"{one['title']}, as {other.name.upper()}"
                yield {"href": href, "rel": "alternate", "type": other.media_type, "title": title}
