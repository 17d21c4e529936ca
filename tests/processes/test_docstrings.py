"""What becomes of docstrings that were written for readers of code."""

import dataclasses
import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel

from fastprocesses_server.processes.docstrings import read_docstring


def written(text: str) -> Callable[..., Any]:
    def run() -> None: ...

    run.__doc__ = text
    return run


@pytest.mark.parametrize(
    ("text", "title", "description"),
    [
        ("Grow it.", "Grow it", ""),
        ("Grow\n    a geometry\n    by a distance.\n\n    More.", "Grow a geometry by a distance", "More."),
        ("First sentence. " + "And so on " * 20, "First sentence", ("And so on " * 20).strip()),
        ("word " * 40, "", ("word " * 40).strip()),
        (
            ".. versionadded:: 2.3\n\n    Grow it.\n\n    .. versionchanged:: 3\n       By much.\n\n    More.",
            "Grow it",
            "More.",
        ),
        (
            "Grow it.\n\n    .. note:: Not too much.\n\n    .. plot:: a.py\n\n       plot()\n\n    More.",
            "Grow it",
            "Not too much.\n\nMore.",
        ),
        ("Grow it.\n\n    >>> run(1)\n    2\n    >>> run(2)\n\n    More.", "Grow it", "More."),
        (
            (
                "Grow a :class:`~shapely.Point` by ``distance``.\n\n"
                "    See :py:func:`the other <a.b>` and `this <http://a>`_::\n\n        a"
            ),
            "Grow a Point by distance",
            "See `the other` and this:\n\n    a",
        ),
        ("run(x, /) -> float\n\n    Grow it.", "Grow it", ""),
        ("", "", ""),
    ],
)
def test_title_and_description_are_texts_for_people(text: str, title: str, description: str) -> None:
    assert read_docstring(written(text))[:2] == (title, description)


def test_parameters_that_share_a_text_each_get_it() -> None:
    texts = read_docstring(
        written("Add.\n\n    Parameters\n    ----------\n    a, b : int\n        A ``number``.\n    ")
    )
    assert texts.parameters == {"a": "A `number`.", "b": "A `number`."}


def test_a_partial_has_the_texts_of_its_function() -> None:
    assert read_docstring(partial(written("Grow it."), 1)).title == "Grow it"


class Grower:
    """Grows."""

    def grow(self) -> None:
        """Grow it."""

    @classmethod
    def sow(cls) -> None:
        """Sow it."""


class Silent(BaseModel):
    size: int

    def grow(self) -> None: ...


class Thread(threading.Thread):
    def __call__(self) -> None: ...


class Heir(Grower):
    def grow(self) -> None: ...

    def __call__(self) -> None: ...


class Loud:
    def __call__(self) -> None:
        """Call it out."""


@dataclasses.dataclass
class Pair:
    size: int


@pytest.mark.parametrize(
    ("function", "title"),
    [
        (Silent, ""),
        (Silent(size=1).grow, ""),
        (Thread, ""),
        (Thread(), ""),
        (Pair, ""),
        (Grower, "Grows"),
        (Grower.sow, "Sow it"),
        (Heir, "Grows"),
        (Heir().grow, "Grow it"),
        (Heir(), ""),
        (Loud(), "Call it out"),
        (Decimal, "Construct a new Decimal object"),
    ],
)
def test_what_every_class_inherits_says_nothing(function: Callable[..., Any], title: str) -> None:
    assert read_docstring(function).title == title
