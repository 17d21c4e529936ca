"""What the person at the terminal reads: each line behind the name of the program that wrote it; or JSON with that."""

import json
import os
import threading
from datetime import UTC, datetime
from typing import Literal, TextIO

LogForm = Literal["text", "json"]

COLOURS = {"valkey": 35, "worker": 33, "api": 36}
OTHER_COLOUR = 32
WIDTH = max(map(len, COLOURS))
ALARM_COLOUR = "1;31"


class Console:
    """`own` is the name of the supervisor itself, `width` that of the longest name; `form` that of the logs."""

    def __init__(self, stream: TextIO, own: str = "dev", width: int = WIDTH, form: LogForm = "text") -> None:
        self._stream = stream
        self._form = form
        self._own = own
        self._width = width
        self._coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        self._lock = threading.Lock()

    def announce(self, text: str) -> None:
        """What the supervisor itself has to say."""
        self.say(self._own, text)

    def alarm(self, text: str) -> None:
        """What somebody has to look at."""
        text = f"ALARM: {text}"
        is_bright = self._coloured and self._form == "text"
        self.say(self._own, f"\033[{ALARM_COLOUR}m{text}\033[0m" if is_bright else text, "ERROR")

    def say(self, name: str, text: str, level: str = "INFO") -> None:
        """One line. A terminal that has gone away is no reason to fail: the programs are still to be stopped."""
        said = f"{self._prefix(name)} {text}" if self._form == "text" else json_line(name, text, level)
        line = f"{said}\n".encode(self._stream.encoding or "utf-8", errors="replace")
        with self._lock:
            try:
                self._stream.buffer.write(line)
                self._stream.buffer.flush()
            except OSError:
                self._forget_terminal()

    def _prefix(self, name: str) -> str:
        prefix = f"{name:<{self._width}} |"
        colour = COLOURS.get(name.partition(" ")[0], OTHER_COLOUR)
        return f"\033[{colour}m{prefix}\033[0m" if self._coloured else prefix

    def _forget_terminal(self) -> None:
        # What is still buffered would fail once more when the interpreter ends, and spoil the exit status.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def json_line(name: str, text: str, level: str) -> str:
    """What is a line of our log already, with the name of the program; anything else as such a line."""
    if text.startswith('{"time": ') and text.endswith("}"):
        return f'{text[:-1]}, "program": {json.dumps(name)}}}'
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": now, "level": level, "message": text, "program": name})
