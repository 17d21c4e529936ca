"""What the person at the terminal reads: each line behind the name of the program that wrote it."""

import os
import threading
from typing import TextIO

COLOURS = {"valkey": 35, "worker": 33, "api": 36}
OTHER_COLOUR = 32
WIDTH = max(map(len, COLOURS))


class Console:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        self._lock = threading.Lock()

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
        prefix = f"{name:<{WIDTH}} |"
        return f"\033[{COLOURS.get(name, OTHER_COLOUR)}m{prefix}\033[0m" if self._coloured else prefix

    def _forget_terminal(self) -> None:
        # What is still buffered would fail once more when the interpreter ends, and spoil the exit status.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
