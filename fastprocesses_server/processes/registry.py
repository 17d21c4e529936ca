"""The registry: the processes of a folder, checked and compared with their callables."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .candidates import Candidate, is_allowed, not_allowed, read_folder
from .complaints import DescriptionErrors, FileComplaint
from .description import Process
from .inspection import Report
from .inspector import inspect_callables
from .merging import Merged, MissingPackages, merge
from .suggestion import suggest


@dataclass(frozen=True, slots=True, eq=False)
class Registry(Mapping[str, Process]):
    """Processes by id, in the order of ids; `warnings` are for whoever starts the server."""

    processes: Mapping[str, Process]
    warnings: tuple[str, ...] = ()

    def __getitem__(self, process_id: str) -> Process:
        return self.processes[process_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.processes)

    def __len__(self) -> int:
        return len(self.processes)

    @property
    def queues(self) -> tuple[str, ...]:
        """All that its processes run in."""
        return tuple(sorted({process.run.queue for process in self.processes.values()}))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the fingerprints of all processes."""
        return hashlib.sha256("".join(process.fingerprint for process in self.values()).encode()).hexdigest()


def load_registry(
    folder: Path,
    *,
    allowed_modules: Sequence[str] = (),
    missing_packages: MissingPackages = "error",
    queues: Sequence[str] = (),
    import_seconds: float = 60,
) -> Registry:
    """Reads the files directly in the folder and has their callables imported by a child process.

    `allowed_modules` are prefixes of modules that callables may come from, none means all. Where packages may
    be missing, a file that says everything itself is kept without its callable being seen. Where queues are
    named, processes of other queues are left out, and their modules need not be there.
    Raises DescriptionErrors with everything that is wrong, StartError where there is nothing to read.
    """
    candidates, complaints = read_folder(folder.resolve())
    unknown = _unknown_queues(queues, {c.file.run.queue for c in candidates if c.file})
    candidates = [c for c in candidates if not (queues and c.file and c.file.run.queue not in queues)]
    allowed = [c for c in candidates if c.callable and is_allowed(c, allowed_modules)]
    complaints += [not_allowed(c, allowed_modules) for c in candidates if c.callable and c not in allowed]
    reports = inspect_callables(folder, [c.wanted for c in allowed], import_seconds)
    registry = make_registry(list(zip(allowed, reports, strict=True)), complaints, missing_packages)
    return replace(registry, warnings=(*unknown, *registry.warnings))


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
    kept: dict[str, tuple[Candidate, Merged]] = {}
    for candidate, report in inspected:
        try:
            if one := merge(candidate, report, missing_packages):
                _check_id(candidate, one.process.id, kept)
                kept[one.process.id] = (candidate, one)
        except DescriptionErrors as error:
            wrong += error.complaints
    if wrong:
        raise DescriptionErrors(wrong)
    merged = {process_id: kept[process_id][1] for process_id in sorted(kept)}
    processes = {process_id: one.process for process_id, one in merged.items()}
    return Registry(processes, tuple(warning for one in merged.values() for warning in one.warnings))


def _check_id(candidate: Candidate, process_id: str, kept: Mapping[str, tuple[Candidate, Merged]]) -> None:
    if process_id in kept:
        other = kept[process_id][0].document.source
        what = f'the id "{process_id}" is taken by {other}'
        raise DescriptionErrors([candidate.document.complaint(("id",), what)])
