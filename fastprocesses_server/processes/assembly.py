"""From the files of a folder, and what the inspection saw of their callables, to a registry."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from .candidates import Candidate, is_allowed, not_allowed, read_folder
from .complaints import DescriptionErrors, FileComplaint, MissingPackages
from .description import Process
from .example_files import named_files
from .inspection_cache import InspectionCache
from .inspector import inspect_callables
from .merging import Merged, merge
from .registry import Registry, arrange
from .registry_cache import Question, Whole, keep_whole
from .reports import Report
from .suggestion import suggest
from .versions import base_id, is_newer


def assemble(
    folder: Path,
    *,
    allowed_modules: Sequence[str],
    missing_packages: MissingPackages,
    queues: Sequence[str],
    import_seconds: float,
    cache: Path | None,
) -> tuple[Registry, list[Candidate]]:
    """As `load_registry` says, but for what is remembered of whole registries; with the files that were looked at."""
    candidates, complaints = read_folder(folder.resolve())
    unknown = _unknown_queues(queues, {c.file.run.queue for c in candidates if c.file})
    candidates = [c for c in candidates if not (queues and c.file and c.file.run.queue not in queues)]
    allowed = [c for c in candidates if c.callable and is_allowed(c, allowed_modules)]
    complaints += [not_allowed(c, allowed_modules) for c in candidates if c.callable and c not in allowed]
    reports = inspect_callables(folder, [c.wanted for c in allowed], import_seconds, cache)
    registry = make_registry(list(zip(allowed, reports, strict=True)), complaints, missing_packages)
    return replace(registry, warnings=(*unknown, *registry.warnings)), allowed


def keep(
    registry: Registry, candidates: Sequence[Candidate], cache: Path, question: Question, *, began_ns: int
) -> None:
    """Where every import was clean."""
    seen = InspectionCache(cache).find(question.content)
    if seen and all(candidate.wanted.name in seen.reports for candidate in candidates):
        older = [one.model_copy(update={"id": base_id(one.id)}) for one in registry.older.values()]
        whole = Whole((*registry.processes.values(), *older), registry.warnings)
        named = [path for candidate in candidates for path in named_files(candidate.document)]
        keep_whole(cache, question, whole, seen.trace, named=named, began_ns=began_ns)


def _unknown_queues(queues: Iterable[str], known: Collection[str]) -> list[str]:
    """A warning for each, no error: its description files may come later."""
    return [
        f'FP_WORKER_QUEUES: no description file names the queue "{queue}"{suggest(queue, known)}'
        for queue in queues
        if queue not in known
    ]


def make_registry(
    inspected: Sequence[tuple[Candidate, Report]],
    complaints: Sequence[FileComplaint] = (),
    missing_packages: MissingPackages = "error",
) -> Registry:
    """Raises DescriptionErrors with these complaints and those that come up here."""
    wrong = list(complaints)
    kept: defaultdict[str, list[tuple[Candidate, Merged]]] = defaultdict(list)
    for candidate, report in inspected:
        try:
            one = merge(candidate, report, missing_packages)
            _check_versions(candidate, one.process, kept[one.process.id])
            kept[one.process.id].append((candidate, one))
        except DescriptionErrors as error:
            wrong += error.complaints
    if wrong:
        raise DescriptionErrors(wrong)
    merged = [one for process_id in sorted(kept) for _, one in kept[process_id]]
    return arrange([one.process for one in merged], tuple(warning for one in merged for warning in one.warnings))


def _check_versions(candidate: Candidate, process: Process, others: Sequence[tuple[Candidate, Merged]]) -> None:
    """Each version of a process has one file, and of any two it is clear which is newer."""
    for other, merged in others:
        theirs, named = merged.process.version, other.document.source
        if theirs == process.version:
            what = f'the id "{process.id}" is taken by {named}, in the same version {theirs}'
        elif not (is_newer(theirs, process.version) or is_newer(process.version, theirs)):
            what = f"nobody can tell whether version {process.version} is newer than {theirs}, of {named}"
        else:
            continue
        raise DescriptionErrors([candidate.document.complaint(("id",), what)])
