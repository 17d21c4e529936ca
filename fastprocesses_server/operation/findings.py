"""What `doctor` finds: each a judgement of facts that were gathered, with its remedy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..jobs.fitness import doubts, faults, hindrances
from ..jobs.folder import UNWRITABLE
from ..jobs.offers import strangers
from ..jobs.survey import Survey, Worker
from ..processes.description import Process
from ..processes.quantities import counted
from ..processes.versions import is_newer

CLOCK_SECONDS = 2.0
FULL = 0.8
"""Of the memory that a Redis may take."""
LITTLE_ROOM, NO_ROOM = 2 * 1024**3, 256 * 1024**2
"""Bytes that are left on a disk."""
GIB = 1024**3


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    subject: str
    text: str
    remedy: str = ""


class Listening(StrEnum):
    """What was met at the API's address."""

    NOBODY = "nobody"
    OURS = "ours"
    ANOTHER = "another"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Met:
    listening: Listening
    where: str
    said: str = ""
    """Why nobody could listen there."""
    reasons: tuple[str, ...] = ()
    """Why our server is not ready."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of results as this machine sees it."""

    path: str
    exists: bool
    is_writable: bool
    mark: str
    """Empty where it has none yet."""
    free: int
    total: int
    """Bytes of its disk."""


def of_settings(given: Mapping[str, tuple[str, str]], unknown: Iterable[str]) -> Iterator[Finding]:
    """`given`: the setting's name to what is shown of its value, and where that comes from."""
    for name, (shown, source) in given.items():
        yield Finding(Level.OK, "settings", f"{name} = {shown} ({source})")
    if not given:
        yield Finding(Level.OK, "settings", "all have their defaults")
    for warning in unknown:
        yield Finding(Level.WARNING, "settings", warning, "correct the name, or remove it")


def of_store(info: Mapping[str, Any]) -> Iterator[Finding]:
    product = "Valkey" if "valkey_version" in info else "Redis"
    version = info.get("valkey_version") or info.get("redis_version")
    persistence = "AOF" if info.get("aof_enabled") else "no AOF"
    policy = info.get("maxmemory_policy", "noeviction")
    yield Finding(Level.OK, "redis", f"{product} {version} answers: {policy}, {persistence}")
    yield from (_split(Level.FAULT, "redis", text) for text in (*faults(info), *hindrances(info)))
    yield from (_split(Level.WARNING, "redis", text) for text in doubts(info))
    used, most = info.get("used_memory", 0), info.get("maxmemory", 0)
    if most and used > FULL * most:
        text = f"it takes {used / most:.0%} of the memory that it may have; when that is full, no jobs are taken"
        yield Finding(Level.WARNING, "redis", text, "raise its maxmemory, or have jobs kept for a shorter time")


def of_clock(ahead: float) -> Finding:
    if abs(ahead) < CLOCK_SECONDS:
        return Finding(Level.OK, "clock", f"this machine and Redis differ by {abs(ahead) * 1000:.0f} ms")
    relation = "behind" if ahead > 0 else "ahead of"
    text = f"this machine is {abs(ahead):.1f} s {relation} Redis, by whose clock jobs have their times"
    return Finding(Level.WARNING, "clock", text, "synchronise both (NTP)")


def of_workers(processes: Sequence[Process], sight: Survey) -> Iterator[Finding]:
    for worker in sight.workers:
        yield Finding(Level.OK, "workers", f"{worker.owner} serves {', '.join(worker.queues)}")
    for queue in sorted(
        {process.run.queue for process in processes} | {q for q, jobs in sight.waiting.items() if jobs}
    ):
        if not any(queue in worker.queues for worker in sight.workers):
            jobs = counted(sight.waiting.get(queue, 0), "job waits", "jobs wait")
            text = f"no worker serves the queue {queue}; {jobs} in it"
            yield Finding(Level.FAULT, "workers", text, "start a worker: fastprocesses-server worker")
    for process in processes:
        yield from _of_process(process, [one for one in sight.workers if process.run.queue in one.queues])


def _of_process(process: Process, workers: Sequence[Worker]) -> Iterator[Finding]:
    """Whether the workers have what is here."""
    name = f"{process.id} {process.version}"
    for worker in workers:
        offer = worker.offers.get(process.id)
        if offer is None:
            what = f"worker {worker.owner} has no {name}"
        elif offer.version == process.version and offer.fingerprint != process.fingerprint:
            what = f"worker {worker.owner} has other files of {name} than this machine"
        elif offer.version != process.version:
            age = "a newer" if is_newer(offer.version, process.version) else "an older"
            what = f"worker {worker.owner} has {age} version of {name}: {offer.version}"
        else:
            continue
        remedy = "bring the same files to every machine, then run fastprocesses-server reload"
        yield Finding(Level.WARNING, "processes", what, remedy)


def of_folder(folder: Folder, marks: Sequence[str]) -> Iterator[Finding]:
    """`marks`: of the folders that workers see."""
    if not folder.exists:
        text = f"{folder.path} is not there yet; API and workers make it"
        yield Finding(Level.WARNING, "results", text, "make it, if they may not, and share it among all machines")
        return
    own = folder.mark if folder.is_writable else UNWRITABLE
    if not folder.is_writable:
        text = f"this user cannot write {folder.path}"
        yield Finding(
            Level.FAULT, "results", text, "run this as the user of the server, or give it the folder (chown -R)"
        )
    elif wrong := strangers(own, marks):
        yield from (_split(Level.FAULT, "results", text.replace("the API", "this machine")) for text in wrong)
    else:
        shared = f", and {counted(len(marks), 'worker sees', 'workers see')} it" if marks else ""
        yield Finding(Level.OK, "results", f"{folder.path} is writable{shared}")
    yield _of_room(folder)


def _of_room(folder: Folder) -> Finding:
    text = f"{folder.free / GIB:.1f} of {folder.total / GIB:.1f} GiB are free on the disk of {folder.path}"
    if folder.free > LITTLE_ROOM:
        return Finding(Level.OK, "results", text)
    level = Level.FAULT if folder.free < NO_ROOM else Level.WARNING
    return Finding(level, "results", text, "fastprocesses-server jobs prune --older-than 7d, or a larger disk")


def of_address(met: Met) -> Iterator[Finding]:
    match met.listening:
        case Listening.NOBODY:
            yield Finding(Level.OK, "address", f"{met.where} is free; no server runs there")
        case Listening.OURS:
            yield Finding(Level.OK, "address", f"our server answers at {met.where}")
        case Listening.ANOTHER:
            text = f"another program answers at {met.where}"
            yield Finding(Level.FAULT, "address", text, "stop it, or choose another FP_PORT")
        case Listening.IMPOSSIBLE:
            what, _, remedy = met.said.partition("; ")
            yield Finding(Level.FAULT, "address", what, remedy)
    yield from (_split(Level.FAULT, "readiness", reason) for reason in met.reasons)
    yield from (_split(Level.WARNING, "readiness", warning) for warning in met.warnings)


def of_exposure(host: str, *, is_public: bool, asks_who: bool) -> Iterator[Finding]:
    if is_public and not asks_who:
        text = f"the server listens on {host} and asks nobody who they are"
        yield Finding(Level.WARNING, "address", text, "FP_AUTH=required, or a proxy that decides who reaches it")


def of_ways(ways: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Each what is wrong with it, and the remedy."""
    yield from (Finding(Level.WARNING, "settings", *way) for way in ways)


def of_rights(writable: Sequence[str], readable: Sequence[str]) -> Iterator[Finding]:
    """Files that every user of this machine may write, and those with secrets that every user may read."""
    for path in writable:
        text = f"every user of this machine may change {path}, and so what the server runs"
        yield Finding(Level.FAULT, "files", text, f"chmod o-w {path}")
    for path in readable:
        yield Finding(
            Level.WARNING, "files", f"every user may read {path}, which may hold secrets", f"chmod o-r {path}"
        )
    if not writable and not readable:
        yield Finding(Level.OK, "files", "description files, modules and settings are their owners' to change")


def _split(level: Level, subject: str, text: str) -> Finding:
    """Texts that others show in one line carry their remedy at the end."""
    what, _, remedy = text.partition("; remedy: ")
    return Finding(level, subject, what, remedy)


def worst(findings: Iterable[Finding]) -> Level:
    return max((finding.level for finding in findings), key=list(Level).index, default=Level.OK)
