"""The command line: a thin function for each command. Commands import what they need when they run."""

import atexit
import gc
import sys

from ..errors import StartError, UsageError
from . import authoring, keys, operation, running
from .common import app

__all__ = ["authoring", "keys", "main", "operation", "running"]


def main() -> None:
    """What is wrong with settings or description files ends the command with its text, and status 1; 2 is misuse."""
    gc.disable()  # until a command has its modules, which is nearly all of its time
    atexit.register(gc.freeze)  # what ends with the process is not to be looked through for garbage first
    try:
        app()
    except StartError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command line's voice
        sys.exit(2 if isinstance(error, UsageError) else 1)
