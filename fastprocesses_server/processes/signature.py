"""Whether a callable takes what its description file declares."""

from collections.abc import Iterator, Mapping
from typing import Any

from .complaints import FileComplaint
from .document import Document
from .inspection import Found, Parameter, ParameterKind
from .suggestion import nearest

CALLABLE = ("callable",)
ANY_NUMBER = (
    "the callable takes any number of values by position, but inputs are given by name; write a function around it"
)
ONE_BY_ONE = frozenset([ParameterKind.NAMED, ParameterKind.POSITION_ONLY])


def context_parameter(found: Found, inputs: Mapping[str, Any]) -> str | None:
    """An input that is called `context` is an input."""
    return None if found.context in inputs else found.context


def input_parameters(found: Found, declared: Mapping[str, Any]) -> list[Parameter]:
    """Those that take one input each."""
    context = context_parameter(found, declared)
    return [p for p in found.parameters or () if p.kind in ONE_BY_ONE and p.name != context]


def untaken_inputs(found: Found, declared: Mapping[str, Any]) -> list[str]:
    """Declared ones that the callable does not take, as far as Python can tell."""
    if found.parameters is None or any(p.kind is ParameterKind.MANY_NAMED for p in found.parameters):
        return []
    taken = [p.name for p in input_parameters(found, declared)]
    return [name for name in declared if name not in taken]


def takes_any_number(found: Found) -> bool:
    kinds = {parameter.kind for parameter in found.parameters or ()}
    return ParameterKind.MANY in kinds and ParameterKind.MANY_NAMED not in kinds


def signature_complaints(document: Document, found: Found, declared: Mapping[str, Any]) -> Iterator[FileComplaint]:
    """Inputs that the callable does not take, and parameters that must be given and that nothing is said of."""
    if found.parameters is None:
        return
    taken = [p.name for p in input_parameters(found, declared)]
    untaken = untaken_inputs(found, declared)
    hints = {name: nearest(name, taken) for name in untaken}
    if takes_any_number(found):
        yield document.complaint(CALLABLE, ANY_NUMBER)
    for name in untaken:
        what = f'the callable takes no "{name}"' + (f"; it takes {_quoted(taken)}" if taken else "")
        yield document.complaint(("inputs", name), what, at_key=True, hint=hints[name])
    yield from _unsaid(document, found, [*declared, *hints.values()], "inputs" in document.data)


def _unsaid(document: Document, found: Found, said: list[str], has_inputs: bool) -> Iterator[FileComplaint]:
    """One mistake, one complaint: what a misspelt input was meant for counts as said."""
    place = f" ({found.place})" if found.place else ""
    for parameter in input_parameters(found, dict.fromkeys(said)):
        name = parameter.name
        if parameter.required and name not in said and name not in found.inputs:
            reason = found.unclear.get(name, "has no annotation")
            example = f"inputs: {{{name}: {{schema: {{type: number}}}}}}"
            what = (
                f'the callable needs "{name}", which {reason}{place}; annotate it, or write, for example, `{example}`'
            )
            yield document.complaint(("inputs",) if has_inputs else CALLABLE, what, at_key=has_inputs)


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
