"""What a callable writes, as lines of its job's log. Bytes come in as they were read, lines go out now and then.

Beside what is written to standard output and error there are marked lines, which say their level and source.
"""

import re
from collections import deque
from collections.abc import Iterator

from ..jobs.log import LONGEST_LINE, MOST_LINES, LogLine, Source

MARK = b"\x1e"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

MOST_WAITING = 1 << 20
"""Bytes of lines that wait to be taken."""

MOST_PARTIAL = 8 * LONGEST_LINE
"""Bytes of a line that has no end yet."""

ESCAPE_SEQUENCE = re.compile(
    r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]"
)
BAR = re.compile(r"[^|]*?(\d{1,3})%\|[^|]*\|[^\[]*\[[^\]]*\]")
"""As tqdm draws it."""

SOURCES = {source[0].encode(): source for source in (Source.LOGGING, Source.WARNINGS, Source.CONTEXT)}


def marked_lines(level: str, source: Source, text: str) -> list[bytes]:
    """Each short enough to be written to a pipe in one piece."""
    head = MARK + level[0].encode() + source[0].encode()
    lines = text[: LONGEST_LINE * MOST_LINES].splitlines() or [""]
    return [head + line[: LONGEST_LINE + 1].encode(errors="replace") + b"\n" for line in lines]


class Output:
    """Of one attempt. At most so many lines wait as are kept of a job; of others only the number is known."""

    def __init__(self) -> None:
        self.whole: deque[tuple[int, int, bytes]] = deque()
        """When they came, how many they are, and the lines."""
        self.waiting = 0
        """Bytes."""
        self.left_out = 0
        self.partial = b""
        self.bar: LogLine | None = None
        """One that is drawn again and again: the log has its last state."""

    @property
    def is_empty(self) -> bool:
        return not self.whole and not self.partial

    def feed(self, data: bytes, time: int) -> None:
        head, newline, rest = data.partition(b"\n")
        self._extend(head)
        if not newline:
            return
        body, newline, tail = rest.rpartition(b"\n")
        lines = self.partial + b"\n" + body if newline else self.partial
        self.partial = b""
        self._extend(tail)
        self.whole.append((time, lines.count(b"\n") + 1, lines))
        self.waiting += len(lines)
        while self.waiting > MOST_WAITING and len(self.whole) > 1:
            self._leave_out_oldest()

    def _extend(self, data: bytes) -> None:
        self.partial += data
        if b"\r" in data:
            shown = _last_drawn(self.partial)
            self.partial = shown + b"\r" if self.partial.endswith(b"\r") else shown
        self.partial = self.partial[:MOST_PARTIAL]

    def _leave_out_oldest(self) -> None:
        _, count, lines = self.whole.popleft()
        self.left_out += count
        self.waiting -= len(lines)

    def take(self, time: int, *, is_over: bool = False) -> tuple[list[LogLine], int]:
        """The lines since the last time, and how many are not among them; where the output is over, all of it."""
        if is_over and self.partial:
            self.feed(b"\n", time)
        surplus = sum(count for _, count, _ in self.whole) - MOST_LINES
        while surplus > 0 and surplus >= self.whole[0][1]:
            surplus -= self.whole[0][1]
            self._leave_out_oldest()
        taken: list[LogLine] = []
        for moment, _, lines in self.whole:
            for line in lines.split(b"\n")[max(surplus, 0) :]:
                taken += self._lines(line, moment)
            self.left_out, surplus = self.left_out + max(surplus, 0), 0
        if is_over and self.bar:
            taken.append(self.bar)
        left_out, self.left_out, self.waiting = self.left_out, 0, 0
        self.whole.clear()
        return taken, left_out

    def _lines(self, written: bytes, time: int) -> Iterator[LogLine]:
        said, *marked = _last_drawn(written).split(MARK)
        text = legible(said.decode(errors="replace"))
        if bar := BAR.match(text):
            yield from self._redrawn(bar, LogLine(time, "INFO", Source.OUTPUT, cut(bar[0])))
            text = text[bar.end() :].strip()
        if text.strip():
            yield LogLine(time, "INFO", Source.OUTPUT, cut(text))
        for line in marked:
            level = next((level for level in LEVELS if level[0].encode() == line[:1]), "INFO")
            text = legible(line[2:].decode(errors="replace"))
            if text.strip():
                yield LogLine(time, level, SOURCES.get(line[1:2], Source.OUTPUT), cut(text))

    def _redrawn(self, bar: re.Match[str], line: LogLine) -> Iterator[LogLine]:
        is_full = bar[1] == "100"
        self.bar = None if is_full else line
        if is_full:
            yield line


def _last_drawn(line: bytes) -> bytes:
    """A carriage return has the line written anew."""
    if b"\r" not in line:
        return line
    return next((drawn for drawn in reversed(line.split(b"\r")) if drawn.strip()), b"")


def legible(text: str) -> str:
    """Without colours, and with nothing that a terminal or a browser would obey."""
    if text.isprintable():
        return text
    return "".join(map(_shown, ESCAPE_SEQUENCE.sub("", text).expandtabs()))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() and character >= "\x80" else character.encode("unicode_escape").decode()


def cut(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1] + "…"
