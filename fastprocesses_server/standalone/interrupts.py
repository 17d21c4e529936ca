"""The signals that end the server: the first asks for an orderly stop, a later one for no more waiting."""

import signal
import time
from collections.abc import Sequence
from types import FrameType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ECHO_SECONDS = 0.5


class Interrupts:
    """A context manager; only the main thread may enter it. Outside of it the signals do what they did before."""

    def __init__(self, signals: Sequence[signal.Signals] = SIGNALS) -> None:
        self._signals = signals
        self._first: float | None = None
        self._again = False

    @property
    def stop(self) -> bool:
        return self._first is not None

    @property
    def hurry(self) -> bool:
        return self._again

    def __enter__(self) -> Self:
        # Whoever started us with nohup wants no end at hang-up.
        taken = [s for s in self._signals if s != signal.SIGHUP or signal.getsignal(s) != signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._note) for number in taken}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now
        elif now - self._first > ECHO_SECONDS:  # `timeout` and `uv run` pass on a Ctrl-C that has come already
            self._again = True


class Hangups:
    """SIGHUP as a request that ends nothing; a context manager as well."""

    def __init__(self) -> None:
        self._came = False

    def take(self) -> bool:
        """Whether one came since the last call."""
        came, self._came = self._came, False
        return came

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGHUP, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGHUP, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True
