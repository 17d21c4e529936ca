"""From an execution to the arguments of its callable: what references lead to is fetched into the workdir first."""

import asyncio
import inspect
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ..errors import Complaint
from ..execution.content import download
from ..execution.guard import Guard
from ..execution.inputs import Unreadable
from ..execution.outgoing import create_client
from ..execution.outputs import StoredOutput, members_of
from ..execution.references import (
    TOO_SLOW,
    FetchedFile,
    FetchedValue,
    OwnOutput,
    Reference,
    Unreachable,
    shown,
)
from ..execution.request import Execution
from ..jobs.results import ResultStore
from ..json_path import json_path
from ..processes.annotations import RETURN, Annotations, Converter, binary_type, fields_of, item_of, without_none
from ..settings import Settings

OwnOutputs = Callable[[OwnOutput], StoredOutput | None]


class Fetching:
    """Fetches for one job. A `FetchedFile` lies in the job's workdir, also where it is an output of this server."""

    def __init__(
        self, guard: Guard, settings: Settings, results: ResultStore, own: OwnOutputs, workdir: Callable[[], Path]
    ) -> None:
        self.guard = guard
        self.settings = settings
        self.results = results
        self.own = own
        self.workdir = workdir

    def complete(self, execution: Execution, hrefs: Iterable[tuple[str, str]]) -> dict[str, Reference]:
        """Every reference with its content.

        Raises:
            Unreachable: naming the URL.
        """
        wanted = {href: execution.references.get(href) for _, href in hrefs}
        targets = {href: self.workdir() / f"input-{number}" for number, href in enumerate(wanted)}
        missing = [href for href, reference in wanted.items() if reference is None]
        references: dict[str, Reference] = {}
        if missing:
            references |= asyncio.run(self._downloaded({href: targets[href] for href in missing}))
        for href, reference in wanted.items():
            match reference:
                case OwnOutput():
                    references[href] = self._own(href, reference, targets[href])
                case FetchedValue():
                    references[href] = reference
        return references

    async def _downloaded(self, targets: Mapping[str, Path]) -> dict[str, Reference]:
        """One after the other, within size and time for all of them."""
        left, files, href = self.settings.max_reference_size, {}, ""
        try:
            async with (
                asyncio.timeout(self.settings.max_reference_seconds),
                create_client(self.guard, self.settings) as client,
            ):
                for href, target in targets.items():
                    files[href] = await download(client, href, target, left)
                    left -= target.stat().st_size
        except Unreachable as error:
            raise Unreachable(f"{shown(href)}: {error}") from None
        except TimeoutError:
            raise Unreachable(f"{shown(href)}: {TOO_SLOW}") from None
        return dict(files)

    def _own(self, href: str, reference: OwnOutput, target: Path) -> FetchedFile:
        output = self.own(reference)
        if output is None:
            raise Unreachable(f"{shown(href)}: the output has expired")
        if output.body is not None:
            target.write_bytes(output.body)
        else:
            shutil.copyfile(self.results.folder / str(output.file), target)
        return FetchedFile(target, output.media_type)


class Conversion:
    """Of the values that a callable gets and returns, by its annotations."""

    def __init__(self, function: Callable[..., Any]) -> None:
        known = dict(_annotations(function))
        returned, _ = without_none(known.pop(RETURN, Any))
        self.defaults = {name: field for name, field in _fields(function) if not field.is_required()}
        self.files = {name: kind for name, annotation in known.items() if (kind := _file_type(annotation))}
        self.inputs = {name: Converter(annotation) for name, annotation in known.items() if name not in self.files}
        self.returned = Converter(returned)
        self.fields = {name: Converter(annotation) for name, annotation in (fields_of(returned) or {}).items()}

    def arguments(self, values: Mapping[str, Any], workdir: Callable[[], Path]) -> dict[str, Any]:
        """What is binary is bytes, or a file where the callable says `Path`; it may ask for anything in that form.

        Raises:
            Unreadable: a value fits its schema, and not the type.
        """
        left_out = {name: field for name, field in self.defaults.items() if name not in values}
        arguments = {name: field.get_default(call_default_factory=True) for name, field in left_out.items()}
        complaints: list[Complaint] = []
        for name, value in values.items():
            try:
                arguments[name] = self._argument(name, value, workdir)
            except ValidationError as error:
                complaints += _complaints(name, error)
        if complaints:
            raise Unreadable(*complaints)
        return arguments

    def _argument(self, name: str, value: Any, workdir: Callable[[], Path]) -> Any:
        if name in self.files:
            return _as_file(self.files[name], value, name, workdir)
        match value:
            case Path():
                return value.read_bytes()
            case [Path() | bytes(), *_]:
                return [item.read_bytes() if isinstance(item, Path) else item for item in value]
            case bytes():
                return value
            case _:
                return self.inputs[name].convert(value) if name in self.inputs else value

    def plain(self, returned: Any) -> Any:
        """What the outputs are written from: JSON, or bytes and files."""
        if isinstance(returned, (bytes, Path)):
            return returned
        if isinstance(returned, Iterator):
            returned = list(returned)
        if not self.fields:
            return self.returned.plain(returned)
        members = members_of(returned)
        if members is None:
            return returned
        return {
            name: self.fields[name].plain(value)
            if name in self.fields and not isinstance(value, (bytes, Path))
            else value
            for name, value in members.items()
        }


def _annotations(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return Annotations(function).known
    except ValueError:  # Python cannot tell, as of some C functions
        return {}


def _fields(function: Callable[..., Any]) -> Iterator[tuple[str, FieldInfo]]:
    """Of pydantic, as defaults: Python would pass them as they are."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return
    for name, parameter in parameters.items():
        if isinstance(parameter.default, FieldInfo):
            yield name, parameter.default


def _file_type(annotation: Any) -> type | None:
    item = item_of(annotation)
    return binary_type(annotation if item is None else item)


def _as_file(kind: type, value: Any, name: str, workdir: Callable[[], Path]) -> Any:
    match value:
        case list():
            return [_as_file(kind, item, f"{name}-{index}", workdir) for index, item in enumerate(value)]
        case Path():
            return value if issubclass(kind, Path) else value.read_bytes()
        case bytes():
            content = value
        case str():
            content = value.encode()
        case _:
            content = orjson.dumps(value)
    if not issubclass(kind, Path):
        return content
    path = workdir() / f"input-{quote(name, safe='')}"
    path.write_bytes(content)
    return path


def _complaints(name: str, error: ValidationError) -> Iterator[Complaint]:
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        yield Complaint(json_path("inputs", name, *one["loc"]), one["msg"].removeprefix("Value error, "))
