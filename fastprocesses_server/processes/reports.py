"""What the inspection is asked of a callable, and what it reports: plain data, which pass as JSON between processes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

RESULT = "result"
"""The name of an output that the callable gives none."""


class ParameterKind(StrEnum):
    NAMED = "named"
    POSITION_ONLY = "position only"
    MANY = "*"
    MANY_NAMED = "**"


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: ParameterKind
    required: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A callable that could be imported; `parameters` is None where Python cannot tell, as of some C functions.

    What its annotations and its docstring say stands in `texts`, `inputs` and `outputs`, as members of a description;
    of what they leave open, `unclear` says why, and `documented` what the docstring says to people.
    """

    target: str
    """`module:name`"""
    parameters: tuple[Parameter, ...] | None
    context: str | None
    version: str | None
    modules: Mapping[str, str]
    """SHA-256 of the files below the processes folder that the import loaded, by path relative to it."""
    wrong_exceptions: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with those that `retryOn` names, by name."""
    place: str = ""
    """File and line of the callable."""
    texts: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    outputs: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    is_whole: bool = False
    """What is returned is the one output, whatever names are in it."""
    unclear: Mapping[str, str] = field(default_factory=dict)
    request: str | None = None
    """The keyword that takes the other members of the execute request, of a class written for fastprocesses."""
    own_id: str = ""
    """What such a class calls itself."""
    documented: Mapping[str, dict[str, Any]] = field(default_factory=dict)


class Wanted(NamedTuple):
    """A callable, and the exceptions after which it runs again."""

    callable: str
    exceptions: Sequence[str] = ()

    @property
    def name(self) -> str:
        """By which its report is found."""
        return json.dumps(self)


class FailureKind(StrEnum):
    MISSING_PACKAGE = "missing package"
    MISSING_NAME = "missing name"
    NOT_CALLABLE = "not callable"
    NOT_MADE = "not made"
    UNREADABLE = "unreadable"
    """What it says of itself."""
    RAISED = "raised"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a callable is not there: `detail` is the traceback of the author's frames."""

    kind: FailureKind
    what: str
    hint: str = ""
    detail: str = ""


Report = Found | Failure
