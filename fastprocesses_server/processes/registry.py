"""The registry: the processes of a folder, checked and compared with their callables."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .complaints import MissingPackages
from .description import Process
from .quantities import counted
from .registry_cache import Question, find_whole
from .versions import VERSION_MARK, base_id, by_version


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
    options = {"allowed_modules": allowed_modules, "missing_packages": missing_packages, "queues": queues}
    began = time.time_ns()
    question = Question.of(folder, options) if cache else None
    if cache and question and (whole := find_whole(cache, question)):
        return arrange(whole.processes, whole.warnings)
    from .assembly import assemble, keep  # noqa: PLC0415 - a start at which nothing has changed is twice as quick

    registry, candidates = assemble(
        folder,
        allowed_modules=allowed_modules,
        missing_packages=missing_packages,
        queues=queues,
        import_seconds=import_seconds,
        cache=cache,
    )
    if cache and question and question == Question.of(folder, options):
        keep(registry, candidates, cache, question, began_ns=began)
    return registry


def arrange(processes: Iterable[Process], warnings: tuple[str, ...]) -> Registry:
    """Of processes in all versions, in any order."""
    newest: dict[str, Process] = {}
    older: dict[str, Process] = {}
    for process in sorted(processes, key=by_version, reverse=True):
        if process.id not in newest:
            newest[process.id] = process
        else:
            pinned = f"{process.id}{VERSION_MARK}{process.version}"
            older[pinned] = process.model_copy(update={"id": pinned})
    return Registry({process_id: newest[process_id] for process_id in sorted(newest)}, warnings, older)
