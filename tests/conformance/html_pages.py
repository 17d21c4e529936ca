"""Pages as tests read them: valid HTML 5, its text and its links, beside the JSON document of the same resource."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

import html5lib
import httpx
from html5lib.html5parser import ParseError

HTML = "text/html; charset=utf-8"
UNSEEN = ("head", "script", "style", "template")


class HtmlPage:
    """A page of the server; fails where it is none, or no valid one."""

    def __init__(self, response: httpx.Response, *, status: int = 200) -> None:
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == HTML
        self.url = str(response.url)
        self.root = _parsed(response.text)
        self.text = _spaced(" ".join(_texts(self.root)))
        self.targets = {_without_form(urljoin(self.url, anchor.get("href", ""))) for anchor in self.root.iter("a")}

    def shows(self, value: str | int | float | bool) -> bool:
        """As text, or as JSON writes it: alone, not as a part of a longer word."""
        forms = {value if isinstance(value, str) else json.dumps(value), json.dumps(value, ensure_ascii=False)}
        return any(re.search(rf"(?<!\w){re.escape(_spaced(form))}(?!\w)", self.text) for form in forms)

    def links_to(self, href: str) -> bool:
        """To the resource, in whichever form."""
        return _without_form(href) in self.targets


def assert_shows_all(page: HtmlPage, document: Any) -> None:
    """/req/html/content: all that the document says, and all its links."""
    hidden = [value for value in _values(document) if value != "" and not page.shows(value)]
    assert not hidden, f"{page.url} does not show {hidden}"
    missing = [href for href in _hrefs(document) if not page.links_to(href)]
    assert not missing, f"{page.url} does not link to {missing}"


def _parsed(text: str) -> Element:
    try:
        root: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    except ParseError as error:
        raise AssertionError(f"no valid HTML: {error}") from None
    return root


def _texts(element: Element) -> Iterator[str]:
    """What people see, or may unfold; a moment as its `datetime` says it too."""
    if element.tag not in UNSEEN:
        yield element.text or ""
        yield element.get("datetime", "")
        for inner in element:
            yield from _texts(inner)
            yield inner.tail or ""


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _without_form(href: str) -> str:
    scheme, host, path, query, _ = urlsplit(href)
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "f"]
    return urlunsplit((scheme, host, path, urlencode(kept), ""))


def _values(document: Any) -> Iterator[str | int | float | bool]:
    """Of all members but `href`, and the names of inputs and outputs."""
    if isinstance(document, dict):
        for name, member in document.items():
            if name in ("inputs", "outputs") and isinstance(member, dict):
                yield from member
            if name != "href":
                yield from _values(member)
    elif isinstance(document, list):
        for item in document:
            yield from _values(item)
    elif document is not None:
        yield document


def _hrefs(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("href"), str):
            yield document["href"]
        for member in document.values():
            yield from _hrefs(member)
    elif isinstance(document, list):
        for item in document:
            yield from _hrefs(item)
