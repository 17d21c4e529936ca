"""Whether a callable takes what its description file declares."""

from collections.abc import Iterator, Mapping
from typing import Any

from .complaints import FileComplaint
from .document import Document
from .inspection import Found, Parameter, ParameterKind
from .suggestion import nearest

CALLABLE = ("callable",)
WRAP = "but inputs are given by name; write a function around it"


def context_parameter(found: Found, inputs: Mapping[str, Any]) -> str | None:
    """An input that is called `context` is an input."""
    return None if found.context in inputs else found.context


def signature_complaints(document: Document, found: Found, inputs: Mapping[str, Any] | None) -> Iterator[FileComplaint]:
    """`inputs` as declared, None where the file says nothing of them."""
    if found.parameters is None:
        return
    declared = inputs or {}
    context = context_parameter(found, declared)
    parameters = [p for p in found.parameters if p.name != context]
    untaken = list(_untaken(document, parameters, declared))
    meant = {complaint.hint for complaint in untaken}  # one mistake, one complaint
    yield from untaken
    yield from _ungiven(document, [p for p in parameters if p.name not in meant], inputs)


def _ungiven(
    document: Document, parameters: list[Parameter], inputs: Mapping[str, Any] | None
) -> Iterator[FileComplaint]:
    needed = [p for p in parameters if p.required]
    by_position = [p.name for p in needed if p.kind is ParameterKind.POSITION_ONLY]
    named = [p.name for p in needed if p.kind is ParameterKind.NAMED and p.name not in (inputs or {})]
    if by_position:
        what = f"the callable takes {_quoted(by_position)} by position only, {WRAP}"
        yield document.complaint(CALLABLE, what)
    if named and inputs is None:
        what = f"nothing is said of the inputs; the callable needs {_quoted(named)}"
        yield document.complaint(CALLABLE, what)
    elif named:
        yield document.complaint(CALLABLE, f"the callable needs {_quoted(named)}, and no input has that name")


def _untaken(document: Document, parameters: list[Parameter], declared: Mapping[str, Any]) -> Iterator[FileComplaint]:
    kinds = {p.kind for p in parameters}
    if ParameterKind.MANY_NAMED in kinds:
        return
    if ParameterKind.MANY in kinds:
        what = f"the callable takes any number of values by position, {WRAP}"
        yield document.complaint(CALLABLE, what)
    taken = [p.name for p in parameters if p.kind is ParameterKind.NAMED]
    by_position = [p.name for p in parameters if p.kind is ParameterKind.POSITION_ONLY and p.required]
    for name in declared:
        if name not in [*taken, *by_position]:
            what = f'the callable takes no "{name}"' + (f"; it takes {_quoted(taken)}" if taken else "")
            yield document.complaint(("inputs", name), what, at_key=True, hint=nearest(name, taken))


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
