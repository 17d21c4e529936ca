"""Lines of the log, as text or JSON. Nothing that came from outside can look like a line of ours."""

import json
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import TYPE_CHECKING, Literal

from .settings.secrets import without

if TYPE_CHECKING:
    from loguru import Record

DETAILS = "details"
"""What a line is given beside its message, of several lines: the traceback of authors' code."""

SHOWN = ("request_id", "caller", "trace_id")
"""At the end of a text line: what the message does not say."""

LINE = "_line"

Line = Callable[["Record"], str]


def on_one_line(text: str) -> str:
    """Newlines, control characters, marks that turn the direction of text, whatever else nobody sees: as escapes."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def text_line(record: "Record") -> str:
    """For people; each line of details is one of ours, with the time and the message before it."""
    head = f"{record['time'].isoformat(' ', 'milliseconds')[:23]} {record['level'].name:<7}"
    message = on_one_line(record["message"])
    known = [f"{name}={on_one_line(str(record['extra'][name]))}" for name in SHOWN if record["extra"].get(name)]
    tail = f" [{' '.join(known)}]" if known else ""
    details = str(record["extra"].get(DETAILS, ""))
    lines = [f"{head} {message}: {on_one_line(line)}" for line in details.splitlines()]
    return "\n".join(lines or [f"{head} {message}{tail}"])


def json_line(record: "Record") -> str:
    """For programs: one object in ASCII, with every fact that is known."""
    document = {
        "time": record["time"].astimezone(UTC).isoformat(timespec="milliseconds"),
        "level": record["level"].name,
        "message": record["message"],
        **{name: fact for name, fact in record["extra"].items() if name != LINE},
    }
    return json.dumps(document, default=str)


def _details(record: "Record") -> str:
    exception = record["exception"]
    if exception and exception.type:
        return "".join(traceback.format_exception(exception.type, exception.value, exception.traceback))
    return str(record["extra"].get(DETAILS, ""))


def formatter(form: Literal["text", "json"], secrets: Iterable[str] = ()) -> Line:
    """As loguru takes it: it is given the name of the line, which is no template.

    Without the secrets: authors' exceptions may quote what their code found in the environment, and libraries what
    they were given.
    """
    line = json_line if form == "json" else text_line

    def write(record: "Record") -> str:
        record["message"] = without(record["message"], secrets)
        if details := _details(record):
            record["extra"][DETAILS] = without(details, secrets)
        record["extra"][LINE] = line(record)
        return f"{{extra[{LINE}]}}\n"

    return write
