"""The parameter that takes the context: by its type, or by its name where nothing speaks against it."""

import inspect
import re
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

from ..types import Context
from .annotations import Annotations, without_none

NAME = "context"
WRITTEN = re.compile(r"(?:[\w.]+\.)?(?:Optional\[)?(?:[\w.]+\.)?Context\]?(?:\s*\|\s*None)?")
"""As an annotation that cannot be evaluated, for want of an import, names it."""


def context_of(function: Callable[..., Any]) -> str | None:
    """Raises ValueError where Python cannot tell the parameters."""
    annotations = Annotations(function)
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD} and _takes_it(name, annotations):
            return name
    return None


def _takes_it(name: str, annotations: Annotations) -> bool:
    if name in annotations.known:
        asked, _ = without_none(annotations.known[name])
        asked = get_args(asked)[0] if get_origin(asked) is Annotated else asked
        return Context in getattr(asked, "__mro__", ()) or (name == NAME and _may_be_it(asked))
    return name == NAME or WRITTEN.fullmatch(annotations.unknown.get(name, "")) is not None


def _may_be_it(asked: Any) -> bool:
    """An author who imports nothing of ours may write a protocol of his own."""
    return asked in {Any, object} or getattr(asked, "_is_protocol", False)
