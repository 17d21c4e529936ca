"""A description file as read: its data, and where in it everything stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .complaints import DescriptionErrors, FileComplaint, shown
from .json_reader import read_json
from .positions import START, Flaw, Malformed, Position, Reading, Where
from .yaml_reader import read_yaml

SMALLEST = "the smallest description file is the line `callable: module.function`"


@dataclass(frozen=True, slots=True)
class Document:
    path: Path
    text: str
    reading: Reading

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.reading.data
        return data

    @property
    def source(self) -> str:
        return shown(self.path)

    def known_part(self, where: Where) -> Where:
        """The longest beginning of a place that the file has."""
        while where not in self.reading.values and where:
            where = where[:-1]
        return where

    def complaint(
        self, where: Where, what: str, *, at_key: bool = False, hint: str = "", detail: str = ""
    ) -> FileComplaint:
        """At the value there, or at its key; of a place that the file lacks, at the nearest one above."""
        where = self.known_part(where)
        value = self.reading.values.get(where, START)
        position = self.reading.keys.get(where, value) if at_key else value
        return make_complaint(self.path, self.text, Flaw(position, what), hint=hint, detail=detail)


def make_complaint(path: Path, text: str, flaw: Flaw, *, hint: str = "", detail: str = "") -> FileComplaint:
    line, column = flaw.position
    source = (text.split("\n")[line - 1 : line] or [""])[0]
    return FileComplaint(shown(path), line, column, flaw.what, hint, source, detail)


def read_document(path: Path) -> Document:
    """Raises DescriptionErrors where the file cannot be read, or holds something else than members."""
    text = ""
    try:
        text = _text(path)
        reading = read_json(text) if path.suffix.lower() == ".json" else read_yaml(text)
        if not isinstance(reading.data, dict):
            raise Malformed([Flaw(START, f"members are expected, `name: value`; {SMALLEST}")])
    except Malformed as error:
        raise DescriptionErrors(make_complaint(path, text, flaw) for flaw in error.flaws) from None
    return Document(path, text, reading)


def _text(path: Path) -> str:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise Malformed([Flaw(START, "this is no file; description files are")])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Malformed([Flaw(START, f"the file cannot be read: {error.strerror}")]) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(errors="replace")
        at = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise Malformed([Flaw(at, "this is not UTF-8; save the file in that encoding")]) from None
    if not text.strip():
        raise Malformed([Flaw(START, f"the file is empty; {SMALLEST}")])
    return text.replace("\r\n", "\n").replace("\r", "\n")
