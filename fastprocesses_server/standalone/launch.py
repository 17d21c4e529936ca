"""Becomes another program that dies with its parent, where the kernel offers that (Linux).

Run as a script without site-packages: `launch.py DEATH_SIGNAL PARENT COMMAND...`. Between fork and exec, in the
supervisor itself, the same call would not be safe beside threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(death_signal: str, parent: str, *command: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):  # it died before the line above, so no signal will come
            sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
