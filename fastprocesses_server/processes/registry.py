"""The registry: the processes of a folder, checked and compared with their callables."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .candidates import Candidate, is_allowed, not_allowed, read_folder
from .complaints import DescriptionErrors, FileComplaint
from .description import Process
from .inspection import Report
from .inspector import inspect_callables
from .merging import Merged, MissingPackages, merge
from .quantities import counted
from .suggestion import suggest
from .versions import VERSION_MARK, base_id, by_version, is_newer


@dataclass(frozen=True, slots=True, eq=False)
class Registry(Mapping[str, Process]):
    """Processes by id, in the order of ids, each in its newest version; `warnings` are for whoever starts the server.

    An id with a version, `buffer:1.4.2`, leads to that version; only an older one has such an id itself.
    """

    processes: Mapping[str, Process]
    warnings: tuple[str, ...] = ()
    older: Mapping[str, Process] = field(default_factory=dict)
    """Older versions by such ids, newest first for each process."""

    def __getitem__(self, process_id: str) -> Process:
        if process_id in self.processes or process_id in self.older:
            return self.processes.get(process_id) or self.older[process_id]
        base, _, version = process_id.partition(VERSION_MARK)
        if self.processes[base].version != version:
            raise KeyError(process_id)
        return self.processes[base]

    def __iter__(self) -> Iterator[str]:
        return iter(self.processes)

    def __len__(self) -> int:
        return len(self.processes)

    def exactly(self, process_id: str, version: str) -> Process | None:
        """The process in that version, whether or not there is a newer one."""
        return self.get(f"{base_id(process_id)}{VERSION_MARK}{version}")

    def versions_before(self, process: Process) -> Iterator[Process]:
        """Of the same process, newest first."""
        return (one for one in self.older.values() if base_id(one.id) == process.id)

    @property
    def all_versions(self) -> tuple[Process, ...]:
        return (*self.processes.values(), *self.older.values())

    @property
    def size(self) -> str:
        """For people: `2 processes in 3 versions`."""
        processes = counted(len(self.processes), "process", "processes")
        return processes + (f" in {len(self.all_versions)} versions" if self.older else "")

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all versions, as they stand in URLs."""
        return tuple(process.id for process in self.all_versions)

    @property
    def queues(self) -> tuple[str, ...]:
        """All that its processes run in."""
        return tuple(sorted({process.run.queue for process in self.all_versions}))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the fingerprints of all processes."""
        return hashlib.sha256("".join(process.fingerprint for process in self.all_versions).encode()).hexdigest()


def load_registry(
    folder: Path,
    *,
    allowed_modules: Sequence[str] = (),
    missing_packages: MissingPackages = "error",
    queues: Sequence[str] = (),
    import_seconds: float = 60,
    cache: Path | None = None,
) -> Registry:
    """Reads the files directly in the folder and has their callables imported by a child process.

    Not of those that the cache knows, a folder in which it is kept what was seen, as long as nothing has changed.
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
    reports = inspect_callables(folder, [c.wanted for c in allowed], import_seconds, cache)
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
    return _registry([one.process for one in merged], tuple(warning for one in merged for warning in one.warnings))


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


def _registry(processes: Sequence[Process], warnings: tuple[str, ...]) -> Registry:
    newest: dict[str, Process] = {}
    older: dict[str, Process] = {}
    for process in sorted(processes, key=by_version, reverse=True):
        if process.id not in newest:
            newest[process.id] = process
        else:
            pinned = f"{process.id}{VERSION_MARK}{process.version}"
            older[pinned] = process.model_copy(update={"id": pinned})
    return Registry({process_id: newest[process_id] for process_id in sorted(newest)}, warnings, older)
