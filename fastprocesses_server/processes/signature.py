"""Whether a callable takes what its description file declares."""

from collections.abc import Iterator, Mapping
from typing import Any

from .complaints import FileComplaint
from .document import Document
from .reports import Found, Parameter, ParameterKind
from .suggestion import nearest

CALLABLE = ("callable",)
WRAP = "write a function around it"
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


def uncallable(found: Found) -> str:
    """Why inputs cannot be given to the callable by name; empty where they can."""
    if found.parameters is None:
        return f"Python cannot tell what the callable takes; {WRAP}"
    kinds = {p.kind for p in found.parameters}
    if ParameterKind.MANY in kinds and ParameterKind.MANY_NAMED not in kinds:
        return f"the callable takes any number of values by position, but inputs are given by name; {WRAP}"
    return ""


def left_out(found: Found, published: Mapping[str, Any]) -> list[str]:
    """Parameters that may be left out and are, as nothing says what they take."""
    return [
        p.name for p in input_parameters(found, published) if p.name not in published and not p.name.startswith("_")
    ]


def remedy(found: Found, what: str) -> str:
    """What to do about a missing annotation: code from elsewhere stays as it is."""
    return f"annotate it, or write {what}" if found.modules else f"write {what}"


def signature_complaints(document: Document, found: Found, declared: Mapping[str, Any]) -> Iterator[FileComplaint]:
    """Inputs that the callable does not take, and parameters that must be given and that nothing is said of."""
    if what := uncallable(found):
        yield document.complaint(CALLABLE, what)
        return
    taken = [p.name for p in input_parameters(found, declared)]
    untaken = untaken_inputs(found, declared)
    hints = {name: nearest(name, taken) for name in untaken}
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
            advice = remedy(found, f"for example `inputs: {{{name}: {{schema: {{type: number}}}}}}`")
            what = f'the callable needs "{name}", which {reason}{place}; {advice}'
            yield document.complaint(("inputs",) if has_inputs else CALLABLE, what, at_key=has_inputs)


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
