"""The docstring of a callable, as texts for people who never see its code."""

import inspect
import re
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import docstring_parser

LONGEST_TITLE = 120

ADMONITION = re.compile(
    r"^[ \t]*\.\. (?:note|tip|hint|important|warning|caution|attention|danger)::[ \t]*", re.MULTILINE
)
DIRECTIVE = re.compile(r"^([ \t]*)\.\. [\w:-]+::.*\n?(?:(?:\1[ \t]+.*|[ \t]*)(?:\n|$))*", re.MULTILINE)
DOCTEST = re.compile(r"^[ \t]*>>> .*(?:\n[ \t]*\S.*)*\n?", re.MULTILINE)
ROLE = re.compile(r":(?:[a-z]+:)*[a-z]+:`[!~]?([^`<]+?)(?:\s*<[^`]*>)?`")
LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`__?")
LITERAL = re.compile(r"``(.+?)``")
SENTENCE = re.compile(rf"(.{{1,{LONGEST_TITLE}}}?[.!?])\s+")


class Texts(NamedTuple):
    """`parameters` and `outputs` by name; `returned` is said of what is returned without a name.

    `types` are those of parameters, and of `return`, in the docstring's own words.
    """

    title: str
    description: str
    parameters: dict[str, str]
    outputs: dict[str, str]
    returned: str
    types: dict[str, str]


def read_docstring(function: Callable[..., Any]) -> Texts:
    """In the form of Google, NumPy or Sphinx."""
    parsed = _parsed(_without_code(_written(function)))
    title, description = _title(parsed)
    returned = parsed.returns.description if parsed.returns else None
    return Texts(
        title,
        description,
        {name: _plain(param.description) for param in parsed.params for name in param.arg_name.split(", ")},
        {named.return_name: _plain(named.description) for named in parsed.many_returns if named.return_name},
        _plain(returned),
        _types(parsed),
    )


def _types(parsed: docstring_parser.Docstring) -> dict[str, str]:
    said = {name: param.type_name for param in parsed.params for name in param.arg_name.split(", ")}
    said["return"] = parsed.returns.type_name if parsed.returns else None
    return {name: kind for name, kind in said.items() if kind}


def _written(function: Any) -> str:
    """Where a method has none, what stands at its class counts, and of an object, what stands at its method."""
    while isinstance(function, partial):
        function = function.func
    owner = getattr(function, "__self__", None)
    text = _own_text(function)
    if text is None and owner is not None and not inspect.ismodule(owner):
        text = _own_text(type(owner))
    if text is None and not inspect.isclass(function) and not inspect.isroutine(function):
        text = _inherited(type(function), "__call__")
    name = re.escape(getattr(function, "__name__", ""))
    return re.sub(rf"\A{name}\([^\n]*\)(?: -> [^\n]*)?\s*(?:\n|\Z)", "", text or "")  # a signature, as C functions have


def _own_text(function: Any) -> str | None:
    if inspect.isclass(function):
        return _inherited(function)
    if inspect.ismethod(function):
        owner = function.__self__
        return _inherited(owner if inspect.isclass(owner) else type(owner), function.__name__)
    return inspect.getdoc(function)


def _inherited(cls: type, method: str = "") -> str | None:
    """What is written at a class or its method, or there where they come from, but what every class inherits."""
    for base in cls.__mro__:
        found = base.__dict__.get(method or "__doc__")
        text = found.__doc__ if method and found is not None else found
        if isinstance(text, str) and (base is cls or not _is_everybodys(base)):
            return inspect.cleandoc(text)
    return None


def _is_everybodys(base: type) -> bool:
    top = base.__module__.partition(".")[0]
    return top == "pydantic" or top in sys.stdlib_module_names


def _parsed(text: str) -> docstring_parser.Docstring:
    try:
        return docstring_parser.parse(text)
    except docstring_parser.ParseError:
        return docstring_parser.Docstring()


def _without_code(text: str) -> str:
    """Examples for Python's prompt, and what is there for the makers of manuals, mean nothing to clients."""
    return DOCTEST.sub("", DIRECTIVE.sub("", ADMONITION.sub("", text)))


def _title(parsed: docstring_parser.Docstring) -> tuple[str, str]:
    """The first paragraph, or its first sentence where that is too long; and the rest."""
    first, rest = parsed.short_description or "", parsed.long_description or ""
    if rest and not parsed.blank_after_short_description:
        more, _, rest = rest.partition("\n\n")
        first = f"{first} {' '.join(more.split())}"
    first, rest = _plain(first), _plain(rest)
    if len(first) > LONGEST_TITLE:
        sentence = SENTENCE.match(first)
        if sentence is None:
            return "", f"{first}\n\n{rest}".strip()
        first, rest = sentence[1], f"{first[sentence.end() :]}\n\n{rest}".strip()
    return first.rstrip(".:").replace("`", ""), rest


def _plain(text: str | None) -> str:
    """Without the marks of reStructuredText; `code` stays."""
    text = ROLE.sub(lambda role: f"`{_last(role[0], role[1])}`", text or "")
    text = LITERAL.sub(r"`\1`", LINK.sub(r"\1", text))
    return re.sub(r"::$", ":", re.sub(r"\n{3,}", "\n\n", text), flags=re.MULTILINE).strip()


def _last(role: str, name: str) -> str:
    return name.rpartition(".")[2] if "`~" in role else name
