"""Metrics as text, in the format of Prometheus (0.0.4) or OpenMetrics (1.0).

It is written from the counts themselves: an object for each of the samples, of which every process of a server has
forty, would keep an API that has a thousand of them busy for most of a second.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..jobs.counts import Labels, Times

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
ENDS = {"counter": "_total", "info": "_info"}
ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: a number, or the times of a histogram, for each of the values that its labels have."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    text: str
    labels: Sequence[str]
    values: Mapping[Labels, float] | Mapping[Labels, Times]

    @property
    def full_name(self) -> str:
        """Of its samples."""
        return self.name + ENDS.get(self.kind, "")


def media_type_for(accept: str) -> str:
    """That of OpenMetrics for those who name it."""
    return OPEN_METRICS if OPEN_METRICS.partition(";")[0] in accept.lower() else TEXT


def write(families: Iterable[Family], media_type: str) -> bytes:
    is_open = media_type == OPEN_METRICS
    parts = [part for family in families for part in (_head(family, is_open=is_open), *_samples(family))]
    return "".join([*parts, *(["# EOF\n"] if is_open else [])]).encode()


def _head(family: Family, *, is_open: bool) -> str:
    """In the older format, a counter is called as its samples are, and what tells is a gauge."""
    name = family.name if is_open else family.full_name
    kind = "gauge" if family.kind == "info" and not is_open else family.kind
    return f"# HELP {name} {family.text}\n# TYPE {name} {kind}\n"


def _samples(family: Family) -> Iterator[str]:
    for values, found in family.values.items():
        pairs = zip(family.labels, values, strict=True)
        labels = ",".join([f'{label}="{value.translate(ESCAPED)}"' for label, value in pairs])
        if isinstance(found, Times):
            yield from _histogram(family.name, labels, found)
        else:
            yield f"{family.full_name}{{{labels}}} {+found}\n" if labels else f"{family.full_name} {+found}\n"


def _histogram(name: str, labels: str, times: Times) -> Iterator[str]:
    begin = f"{name}_bucket{{{labels},le="
    for bound, number in times.buckets:
        yield f'{begin}"{bound}"}} {number}\n'
    yield f"{name}_count{{{labels}}} {times.number}\n{name}_sum{{{labels}}} {times.total}\n"
