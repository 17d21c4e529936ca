"""The log of a job: lines that its callable said, in any way, and what the server adds to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import orjson

MOST_LINES = 1000
"""The last of a job that are kept."""

LONGEST_LINE = 1000
"""Characters."""


class Source(StrEnum):
    """How a line was said."""

    OUTPUT = "output"
    """Standard output or standard error, of the process that runs the job or of one that it started."""
    LOGGING = "logging"
    WARNINGS = "warnings"
    CONTEXT = "context"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class LogLine:
    time: int
    """Milliseconds since 1970."""
    level: str
    source: Source
    text: str

    def as_json(self) -> bytes:
        return orjson.dumps([self.time, self.level, self.source, self.text])

    def as_document(self) -> dict[str, str]:
        return {"time": self.moment, "level": self.level, "source": self.source, "text": self.text}

    @property
    def moment(self) -> str:
        """The time by RFC 3339."""
        moment = datetime.fromtimestamp(self.time / 1000, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_log(stored: Sequence[bytes], left_out: int) -> list[LogLine]:
    """The lines, below one that says how many came before them, or between them, and are not kept."""
    lines = read_lines(stored)
    return [lines_left_out(left_out, lines), *lines] if left_out else lines


def read_lines(stored: Sequence[bytes]) -> list[LogLine]:
    return [LogLine(time, level, Source(source), text) for time, level, source, text in map(orjson.loads, stored)]


def lines_left_out(number: int, kept: Sequence[LogLine]) -> LogLine:
    """The line that stands for others, above those that are kept."""
    since = kept[0].time if kept else 0
    return LogLine(since, "INFO", Source.SERVER, f"… {number:,} lines left out")
