"""From an execution to the arguments of its callable: what references lead to is fetched into the workdir first."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import httpx

from ..execution.inputs import InputsReader
from ..execution.outputs import StoredOutput
from ..execution.references import FetchedFile, OwnOutput, Reference, Unreachable, download
from ..execution.request import Execution
from ..jobs.results import ResultStore

OwnOutputs = Callable[[OwnOutput], StoredOutput | None]


class Fetching:
    """Fetches for one job. A `FetchedFile` lies in the job's workdir, also where it is an output of this server."""

    def __init__(
        self, client: httpx.Client, largest: int, results: ResultStore, own: OwnOutputs, workdir: Callable[[], Path]
    ) -> None:
        self.client = client
        self.largest = largest
        self.results = results
        self.own = own
        self.workdir = workdir

    def complete(self, execution: Execution, hrefs: Iterable[tuple[str, str]]) -> dict[str, Reference]:
        """Every reference with its content.

        Raises:
            Unreachable: naming the URL.
        """
        references: dict[str, Reference] = {}
        for _, href in hrefs:
            if href in references:
                continue
            reference = execution.references.get(href)
            target = self.workdir() / f"input-{len(references)}"
            try:
                match reference:
                    case OwnOutput():
                        references[href] = self._own(reference, target)
                    case None:
                        references[href] = download(self.client, href, target, self.largest)
                    case _:
                        references[href] = reference
            except Unreachable as error:
                raise Unreachable(f"{href}: {error}") from None
        return references

    def _own(self, reference: OwnOutput, target: Path) -> FetchedFile:
        output = self.own(reference)
        if output is None:
            raise Unreachable("the output has expired")
        if output.body is not None:
            target.write_bytes(output.body)
        else:
            shutil.copyfile(self.results.folder / str(output.file), target)
        return FetchedFile(target, output.media_type)


def make_arguments(
    function: Callable[..., Any],
    reader: InputsReader,
    inputs: Mapping[str, Any],
    references: Mapping[str, Reference],
    workdir: Callable[[], Path],
) -> dict[str, Any]:
    """Arguments as the callable wants them: binary inputs are bytes, or files where it says `Path`.

    Raises:
        Unreadable: an input does not fit the process.
    """
    arguments = reader.read(inputs, references)
    wanting_paths = _parameters_of_paths(function)
    return {
        name: _arranged(value, name, workdir if name in wanting_paths else None) for name, value in arguments.items()
    }


def _arranged(value: Any, name: str, workdir: Callable[[], Path] | None) -> Any:
    match value:
        case list():
            return [_arranged(item, f"{name}-{index}", workdir) for index, item in enumerate(value)]
        case Path() if workdir is None:
            return value.read_bytes()
        case bytes() if workdir is not None:
            path = workdir() / f"input-{name}"
            path.write_bytes(value)
            return path
        case _:
            return value


def _parameters_of_paths(function: Callable[..., Any]) -> set[str]:
    try:
        hints = get_type_hints(function)
    except (NameError, TypeError):  # annotations that only a type checker can read
        return set()
    return {name for name, hint in hints.items() if hint is Path or Path in get_args(hint)}
