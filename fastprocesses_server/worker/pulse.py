"""The pulse of a worker: a file whose age tells probes that its keeper goes on, whether or not Redis answers."""

from contextlib import suppress
from pathlib import Path

from ..errors import StartError


class Pulse:
    """Does nothing where no file is named."""

    def __init__(self, file: Path | None) -> None:
        self.file = file

    def clear(self) -> None:
        """Before the start: an earlier worker may have left its own, and this one takes no jobs yet.

        Raises:
            StartError: it could not be written.
        """
        if self.file is None:
            return
        try:
            self.file.touch()
            self.file.unlink()
        except OSError as error:
            raise StartError(f"FP_WORKER_PULSE: {self.file} cannot be written: {error.strerror}") from None

    def beat(self) -> None:
        if self.file is not None:
            with suppress(OSError):  # the probe will tell
                self.file.touch()
