"""Whether what a class written for fastprocesses says of itself can be published."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from ..complaints import FileComplaint
from ..description import Common, Input, Output
from ..document import Document
from ..reports import Found
from ..schema_faults import schema_faults
from ..signature import CALLABLE

Fault = tuple[str, str]
"""What is wrong, and what was probably meant."""


def class_complaints(document: Document, found: Found) -> Iterator[FileComplaint]:
    """None of callables that say nothing of themselves but their signature."""
    if found.request is None:
        return
    place = f" ({found.place})" if found.place else ""
    for what, hint in _faults(found):
        yield document.complaint(CALLABLE, f"process_description of {found.target}{place}: {what}", hint=hint)


def own_id_warning(source: str, process_id: str, found: Found) -> str:
    """Empty where both are the same. The file decides, as of other processes."""
    if found.own_id in {"", process_id}:
        return ""
    remedy = f"`id: {found.own_id}` in the file would keep its URL"
    return f'{source}: {found.target} calls itself "{found.own_id}" and is published as "{process_id}"; {remedy}'


def _faults(found: Found) -> Iterator[Fault]:
    yield from _unfit(Common, {**found.texts}, "")
    for side, model in (("input", Input), ("output", Output)):
        described: Mapping[str, dict[str, Any]] = found.inputs if side == "input" else found.outputs
        for name, members in described.items():
            where = f'{side} "{name}": '
            yield from _unfit(model, members, where)
            schema = members.get("schema")
            for below, what, hint in schema_faults(schema) if isinstance(schema, dict) else ():
                yield f"{where}{'.'.join(map(str, ('schema', *below)))}: {what}", hint


def _unfit(model: type[Common | Input | Output], members: dict[str, Any], where: str) -> Iterator[Fault]:
    try:
        model.model_validate(members)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            path = ".".join(to_camel(str(step)) for step in one["loc"])
            yield f"{where}{path}: {one['msg'].removeprefix('Value error, ')}", ""
