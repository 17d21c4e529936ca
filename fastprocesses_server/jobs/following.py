"""A job as one sees it who follows it: its record, and what it has said since the last look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .log import LogLine, lines_left_out, read_lines
from .record import Job, as_mapping, read_record

NumberedLine = tuple[int, LogLine]


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look shows. Lines are counted as they are kept; those that were never kept have no number."""

    job: Job
    known: int
    """Lines that were known before."""
    dropped: int
    """Lines that were kept, and are no more."""
    unkept: int
    """Lines that were never kept: there were too many at once."""
    lines: Sequence[LogLine]
    """Those beyond the known and the dropped ones."""

    @property
    def said(self) -> int:
        """Lines that are known now."""
        return max(self.known, self.dropped) + len(self.lines)

    def news(self, before: "Sight | None") -> Iterator[NumberedLine]:
        """The lines with their numbers, below one that tells how many others came since the look before."""
        passed = self.said - len(self.lines)
        heard = before.unkept if before else self.unkept if self.known else 0
        missing = passed - self.known + max(self.unkept - heard, 0)
        if missing:
            yield passed, lines_left_out(missing, self.lines)
        yield from enumerate(self.lines, passed + 1)


def read_sight(record: list[bytes], known: int, lines: Sequence[bytes]) -> Sight:
    """What the transition `follow` answers."""
    fields = as_mapping(record)
    dropped, left_out = int(fields.get(b"dropped", 0)), int(fields.get(b"unlogged", 0))
    return Sight(read_record(fields), known, dropped, left_out - dropped, read_lines(lines))
