"""One process as it is in effect: what file, callable and settings say of it, as an author would write it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..jobs.lifetimes import cache_seconds, results_seconds, time_limits
from ..processes.assembly import make_registry
from ..processes.candidates import is_allowed, not_allowed, read_folder
from ..processes.complaints import DescriptionErrors, shown
from ..processes.description import Process
from ..processes.description_file import id_of
from ..processes.document import Document
from ..processes.inspector import inspect_callables
from ..processes.quantities import duration_text, size_text
from ..processes.reports import Found
from ..processes.suggestion import suggest
from ..processes.versions import base_id
from ..settings import Settings
from .yaml_writer import ordered

Members = dict[str, Any]

ORDER = (
    *("callable", "id", "version", "title", "description", "keywords", "metadata", "additionalParameters", "links"),
    *("jobControlOptions", "outputTransmission", "inputs", "outputs", "examples", "run", "results"),
)
OF_INPUT = ("title", "description", "keywords", "metadata", "additionalParameters", "schema", "minOccurs", "maxOccurs")


@dataclass(frozen=True, slots=True)
class Effective:
    process: Process
    document: Document
    found: Found
    warnings: tuple[str, ...]
    older: tuple[Process, ...] = ()
    """Earlier versions of the same process, newest first."""


def find_effective(
    folder: Path, process_id: str, allowed_modules: Sequence[str] = (), cache: Path | None = None
) -> Effective:
    """Of an id with a version, `buffer:1.4.2`, that version; of one without, the newest.

    Only the callables of this process are imported, by a child process; what is wrong with others is left aside.
    Raises DescriptionErrors with what is wrong with its files, UsageError where there is no such process.
    """
    base = base_id(process_id)
    candidates, complaints = read_folder(folder.resolve())
    own = [candidate for candidate in candidates if candidate.id == base]
    files = {candidate.document.source for candidate in own}
    wrong = [one for one in complaints if one.file in files or id_of(Path(one.file)) == base]
    wrong += [not_allowed(one, allowed_modules) for one in own if one.callable and not is_allowed(one, allowed_modules)]
    if wrong:
        raise DescriptionErrors(wrong)
    if not own:
        raise missing(folder, process_id, (candidate.id for candidate in candidates))
    reports = inspect_callables(folder, [candidate.wanted for candidate in own], cache=cache)
    registry = make_registry(list(zip(own, reports, strict=True)))
    if process_id not in registry:
        raise missing(folder, process_id, registry.ids)
    process = registry[process_id]
    document, found = next(
        (one.document, report)
        for one, report in zip(own, reports, strict=True)
        if one.document.source == process.source and isinstance(report, Found)  # of another there is no process
    )
    return Effective(process, document, found, registry.warnings, tuple(registry.versions_before(process)))


def missing(folder: Path, process_id: str, known: Iterable[str]) -> UsageError:
    return UsageError(f"{shown(folder)}: there is no process {process_id}{suggest(process_id, known)}")


def members(effective: Effective, settings: Settings) -> Members:
    """A description file that publishes the same process, with what the settings add; examples as the author wrote."""
    process, data = effective.process, effective.document.data
    document = process.model_dump(by_alias=True, exclude_none=True, mode="json")
    whole = {
        **document,
        "id": base_id(process.id),
        "callable": data["callable"],
        "inputs": {name: _described(one) for name, one in document["inputs"].items()},
        "outputs": {name: _described(one) for name, one in document["outputs"].items()},
        "examples": data.get("examples"),
        "run": _run(process, settings),
        "results": _results(process, settings),
    }
    needed = {"inputs", "outputs"}
    return {name: whole[name] for name in ORDER if name in needed or whole.get(name)}


def _described(one: Members) -> Members:
    return {name: ordered(one[name]) if name == "schema" else one[name] for name in OF_INPUT if name in one}


def _run(process: Process, settings: Settings) -> Members:
    soft, hard = map(duration_text, time_limits(process, settings))
    limits = {"timeLimit": {"soft": soft, "hard": hard} if soft != hard else {"hard": hard}}
    run = process.run
    said = {
        "memoryLimit": size_text(run.memory_limit) if run.memory_limit else None,
        "attempts": run.attempts,
        "retryOn": run.retry_on or None,
        "retryDelay": duration_text(run.retry_delay) if run.retry_delay else None,
        "queue": run.queue,
        "concurrency": run.concurrency,
    }
    return {**limits, **{name: value for name, value in said.items() if value is not None}}


def _results(process: Process, settings: Settings) -> Members:
    cache, largest = cache_seconds(process, settings), process.results.max_size
    return {
        "cache": duration_text(cache) if cache else "off",
        "keep": duration_text(results_seconds(process, settings)),
        **({"maxSize": size_text(largest)} if largest else {}),
    }
