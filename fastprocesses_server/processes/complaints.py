"""What is wrong with a description file: where, what, and what was probably meant."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import StartError

WIDTH = 100

MissingPackages = Literal["error", "warning"]
"""What it is that a callable needs a package that is not installed here."""


@dataclass(frozen=True, slots=True)
class FileComplaint:
    """`line` and `column` count from 1; `hint` is the word that was probably meant, `source` the line."""

    file: str
    line: int
    column: int
    what: str
    hint: str = ""
    source: str = ""
    detail: str = ""
    """More to read, several lines: a traceback of the author's code."""

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}:{self.column}: {self.what}"]
        if self.source.strip():
            lines += _excerpt(self.source, self.column)
        if self.hint:
            lines.append(f'  did you mean "{self.hint}"?')
        return "\n".join([*lines, *(f"  | {line}" for line in self.detail.splitlines())])


def _excerpt(source: str, column: int) -> list[str]:
    """The line with a caret under the column; of a very long line (JSON without breaks) what is around it."""
    start = max(0, column - WIDTH // 2) if len(source) > WIDTH else 0
    shown = "".join(c if c.isprintable() else " " for c in source[start : start + WIDTH])
    return [f"  {shown}", " " * (column - start + 1) + "^"]


class DescriptionErrors(StartError):
    """Everything that is wrong with the description files, in the order of files and lines."""

    def __init__(self, complaints: Iterable[FileComplaint]) -> None:
        self.complaints = tuple(sorted(dict.fromkeys(complaints), key=_place))
        super().__init__("\n".join(map(str, self.complaints)))


def _place(complaint: FileComplaint) -> tuple[str, int, int]:
    return complaint.file, complaint.line, complaint.column


def shown(path: Path) -> str:
    """The path as a reader would type it: relative where it lies below the working directory."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)
