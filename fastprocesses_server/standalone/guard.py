"""The family of a program, how it is ended, and the guard process that does so when the supervisor is killed.

The guard runs this file as a script without site-packages, to stay small; so it imports nothing of ours.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MARK = "FASTPROCESSES_PROGRAM"
"""Environment variable that tells the processes of one start of a program from all others."""

PROC = Path("/proc")
LEADER_SECONDS = 3.0
FAMILY_SECONDS = 5.0
POLL_SECONDS = 0.02


class Family(NamedTuple):
    """A program's process, which leads a session of its own, and everything that came from it."""

    leader: int
    death_signal: int
    mark: str


class Process(NamedTuple):
    pid: int
    parent: int
    session: int


def members(family: Family) -> set[int]:
    """Ids of the living processes of the family.

    A process group is not enough: jobs make their own. A session is not either: `setsid` leaves it, and once
    the parent is dead nothing but the environment tells where such a process came from.
    """
    running = list(_processes())
    found = {p.pid for p in running if p.session == family.leader or _is_marked(p.pid, family.mark)}
    while children := {p.pid for p in running if p.parent in found} - found:
        found |= children
    return found


def end(family: Family) -> None:
    """Sends the leader its death signal, gives it a moment, then kills whoever is left."""
    if family.leader in members(family):
        _send(family.leader, family.death_signal)
    _wait_until(lambda: family.leader not in members(family), LEADER_SECONDS)
    _wait_until(lambda: not _kill(members(family)), FAMILY_SECONDS)


def _processes() -> Iterator[Process]:
    """All processes but zombies, which are dead already and may stay for long in a container."""
    return _from_proc() if (PROC / "self").is_dir() else _from_ps()


def _from_proc() -> Iterator[Process]:
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):
            # the command's name, in brackets, may hold anything, brackets and spaces too
            status, parent, _, session = (folder / "stat").read_bytes().rpartition(b")")[2].split()[:4]
            if status not in b"ZX":
                yield Process(int(folder.name), int(parent), int(session))


def _from_ps() -> Iterator[Process]:
    command = ["ps", "-A", "-o", "pid=,ppid=,stat="]
    for line in subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines():  # noqa: S603
        pid, parent, status = line.split()
        with suppress(OSError):
            if not status.startswith("Z"):
                yield Process(int(pid), int(parent), os.getsid(int(pid)))


def _is_marked(pid: int, mark: str) -> bool:
    """Linux only; elsewhere sessions and descent have to do."""
    try:
        return f"{MARK}={mark}".encode() in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _kill(pids: set[int]) -> set[int]:
    for pid in pids:
        _send(pid, signal.SIGKILL)
    return pids


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def main() -> None:
    """Reads `+ leader death_signal mark` and `- leader death_signal mark`; the end of input is the supervisor's."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    families: list[Family] = []
    for line in sys.stdin:
        sign, leader, death_signal, mark = line.split()
        family = Family(int(leader), int(death_signal), mark)
        if sign == "+":
            families.append(family)
        else:
            families.remove(family)
    for family in reversed(families):
        end(family)


if __name__ == "__main__":
    main()
