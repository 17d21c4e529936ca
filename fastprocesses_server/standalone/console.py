"""What the person at the terminal reads: each line behind the name of the program that wrote it."""

import os
import threading
from typing import TextIO

COLOURS = {"valkey": 35, "worker": 33, "api": 36}
OTHER_COLOUR = 32
WIDTH = max(map(len, COLOURS))
ALARM_COLOUR = "1;31"


class Console:
    """`own` is the name of the supervisor itself, `width` that of the longest name."""

    def __init__(self, stream: TextIO, own: str = "dev", width: int = WIDTH) -> None:
        self._stream = stream
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
        self.announce(f"\033[{ALARM_COLOUR}m{text}\033[0m" if self._coloured else text)

    def say(self, name: str, text: str) -> None:
        """One line. A terminal that has gone away is no reason to fail: the programs are still to be stopped."""
        line = f"{self._prefix(name)} {text}\n".encode(self._stream.encoding or "utf-8", errors="replace")
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
