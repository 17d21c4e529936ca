"""What has happened how often, counted in Redis for all processes of the server together.

Transitions count what becomes of jobs in the very step in which it happens; what HTTP and the cache do, each API
process counts by itself, and adds it every few seconds. So any of them knows all, whichever machine it is on, and none
leaves anything behind. `fp:counts` is a hash; its fields are words with spaces between:

    created PROCESS           ended STATUS PROCESS      requeued PROCESS        setback CAUSE PROCESS
    wait BOUND PROCESS        run BOUND PROCESS         workers-lost            cache USE PROCESS
    http METHOD STATUS ROUTE  http-time BOUND METHOD ROUTE

A time is one of those up to its bound, in milliseconds, and over the next smaller bound; `inf` is the last bound, and
`sum` stands for all together: milliseconds of jobs, microseconds of HTTP.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from secrets import token_hex
from typing import Any, Self

from ..processes.versions import base_id

JOB_BOUNDS = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000)
HTTP_BOUNDS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000)

OVER = "inf"
"""Stands for all that took longer, as Redis's Lua writes it."""

TELL_SECONDS = 5.0
"""Between two times that an API process adds what it has counted."""

Labels = tuple[str, ...]


class Tally:
    """What this process has counted, and not told yet. What may not have been heard is told again, as it was."""

    def __init__(self) -> None:
        self.fresh: Counter[str] = Counter()
        self.told: tuple[str, Counter[str]] | None = None

    def add(self, *words: str) -> None:
        self.fresh[" ".join(words)] += 1

    def add_request(self, method: str, status: str, route: str, seconds: float) -> None:
        """One that was answered; `route` is a template."""
        place = bisect_left(HTTP_BOUNDS, seconds * 1000)
        bound = str(HTTP_BOUNDS[place]) if place < len(HTTP_BOUNDS) else OVER
        self.add("http", method, status, route)
        self.add("http-time", bound, method, route)
        self.fresh[f"http-time sum {method} {route}"] += round(seconds * 1_000_000)

    def batch(self) -> tuple[str, Mapping[str, int]] | None:
        """A word that no other batch has, and what is to be told with it."""
        if self.told is None and self.fresh:
            self.told, self.fresh = (token_hex(8), self.fresh), Counter()
        return self.told

    def heard(self, call: str) -> None:
        if self.told and self.told[0] == call:
            self.told = None


@dataclass(frozen=True, slots=True)
class Times:
    """A histogram."""

    buckets: Sequence[tuple[str, int]]
    """How many took no longer than so many seconds; the last bound is `+Inf`."""
    total: float
    """Seconds of all together."""

    @property
    def number(self) -> int:
        return self.buckets[-1][1]


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue as it is now. Times in seconds."""

    name: str
    waiting: int
    """Jobs that a worker may take at once."""
    age: float
    """Since the first of these was accepted, or came back; 0 where there is none."""
    workers: int
    """That were heard of within a lease."""
    silence: float | None
    """Since the last heartbeat of the worker that is silent longest; None where there is no worker."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What was counted, and how things are now."""

    counts: Mapping[Labels, int]
    """By the words of their names."""
    workers: int
    queues: Sequence[QueueState]

    @classmethod
    def read(cls, counted: Mapping[bytes, bytes], workers: int, queues: Sequence[Any]) -> Self:
        """The hash, and what `measure` answers."""
        counts: Counter[Labels] = Counter()
        for name, number in counted.items():
            counts[_labels(name.decode())] += int(number)
        return cls(counts, workers, [_queue(*queue) for queue in sorted(queues)])

    def of(self, what: str) -> Iterator[tuple[Labels, int]]:
        """The other words of each count whose first word that is, in order."""
        return iter(sorted((words[1:], number) for words, number in self.counts.items() if words[0] == what))

    def times(self, what: str, bounds: Sequence[int], unit: float) -> dict[Labels, Times]:
        """By the words that follow the bound; `unit` is that of their sums, in seconds."""
        found: dict[Labels, dict[str, int]] = {}
        for (bound, *labels), number in self.of(what):
            found.setdefault(tuple(labels), {})[bound] = number
        return {labels: _times(numbers, bounds, unit) for labels, numbers in found.items()}

    def waits(self) -> dict[Labels, Times]:
        """Before each start of a job, by process."""
        return self.times("wait", JOB_BOUNDS, 0.001)

    def runs(self) -> dict[Labels, Times]:
        """Of the attempts that ended their jobs, by process."""
        return self.times("run", JOB_BOUNDS, 0.001)

    def requests(self) -> dict[Labels, Times]:
        """By method and route."""
        return self.times("http-time", HTTP_BOUNDS, 0.000_001)

    def unfinished(self) -> dict[Labels, tuple[int, int]]:
        """How many jobs are accepted, and how many run, by process: those that became so, less those that went on."""
        waits, runs, requeued = self.waits(), self.runs(), dict(self.of("requeued"))
        ended: Counter[Labels] = Counter()
        for (_, name), number in self.of("ended"):
            ended[(name,)] += number
        found = {}
        for process, created in self.of("created"):
            started = waits[process].number if process in waits else 0
            ran = runs[process].number if process in runs else 0
            back = requeued.get(process, 0)
            found[process] = created + back - started - (ended[process] - ran), started - back - ran
        return found


def _labels(name: str) -> Labels:
    """The words of a name; of a process, whichever of its versions it was."""
    words = name.split(" ")
    return tuple(words) if words[0].startswith("http") else (*words[:-1], base_id(words[-1]))


def _times(numbers: Mapping[str, int], bounds: Sequence[int], unit: float) -> Times:
    sizes = accumulate(numbers.get(bound, 0) for bound in (*map(str, bounds), OVER))
    names = (*(str(bound / 1000) for bound in bounds), "+Inf")
    return Times([*zip(names, sizes, strict=True)], numbers.get("sum", 0) * unit)


def _queue(name: bytes, waiting: int, age: int, workers: int, silence: int) -> QueueState:
    return QueueState(name.decode(), waiting, max(age, 0) / 1000, workers, silence / 1000 if silence >= 0 else None)
