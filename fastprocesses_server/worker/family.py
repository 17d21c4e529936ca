"""The processes that run jobs, and all that these have started: how much memory they have, how they are ended."""

import ctypes
import multiprocessing
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.process import AuthenticationString  # type: ignore[attr-defined] # its stub lacks it
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36
END_SECONDS = 1.0


def become_head() -> None:
    """To be called in the process that runs jobs.

    It leads a process group, so that one signal reaches whatever stays in it. Where the kernel offers that (Linux),
    what it starts remains its descendant even when the parents in between have ended.
    """
    _allow_pools()
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _allow_pools() -> None:
    """Have `multiprocessing` start processes here: it takes the children of Celery's pool for daemons.

    It also passes the key on to those that are spawned, which a key of billiard's own type refuses.
    """
    process = multiprocessing.current_process()
    process.daemon = False
    process._config["authkey"] = AuthenticationString(process.authkey)  # type: ignore[attr-defined] # noqa: SLF001


def leave_connections() -> None:
    """To be called first in the process: the connections of the worker, which it has inherited, are not its own.

    As long as it has them open, the kernel tells the worker of those that it has closed itself, and the loop of the
    worker never rests. Their numbers stay taken, so that whoever still holds them here may close them.
    """
    streams = {_file_of(descriptor) for descriptor in (0, 1, 2)}  # systemd's are sockets
    with Path(os.devnull).open() as nothing:
        for descriptor in [int(path.name) for path in Path("/dev/fd").iterdir()]:
            if _leads_elsewhere(descriptor) and _file_of(descriptor) not in streams:
                os.dup2(nothing.fileno(), descriptor, inheritable=False)


def _file_of(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _leads_elsewhere(descriptor: int) -> bool:
    """Whether it is a socket whose other end has an address, which those of pairs have not."""
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return False
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            return bool(connection.getpeername())
    except OSError:
        return False


def end_descendants() -> None:
    """To be called where a process that ran jobs ends: pools and the like that callables have kept end with it.

    Python's resource tracker takes away what pools have left in memory, and ends by itself after this process.
    """
    descendants = psutil.Process().children(recursive=True)
    for descendant in descendants:
        with suppress(psutil.Error):
            descendant.terminate()
    for descendant in psutil.wait_procs(descendants, END_SECONDS)[1]:
        with suppress(psutil.Error):
            if not any("resource_tracker" in argument for argument in descendant.cmdline()):
                descendant.kill()


class Growth:
    """Of the memory of this process and of all that it has started, since this was made."""

    def __init__(self) -> None:
        self.process = psutil.Process()
        self.first = _resident(self.process)

    @property
    def bytes(self) -> int:
        """Pages that several processes share count more than once."""
        descendants = self.process.children(recursive=True) if has_children() else []
        return max(sum(map(_resident, (self.process, *descendants))) - self.first, 0)


class Families:
    """All processes that came from those that run jobs, the heads, as this process's children were last looked at.

    Who was seen stays known: its parents may be gone at the next look. A process id that another process got since is
    not taken for a member.
    """

    def __init__(self) -> None:
        self.members: dict[int, set[psutil.Process]] = {}

    def look(self, heads: Iterable[int]) -> None:
        """Find new members of these families, and forget all others."""
        self.members = {head: self.members.get(head, set()) for head in heads}
        head_of = {head: head for head in heads}
        for process in psutil.Process().children(recursive=True) if head_of else []:  # parents come before children
            with suppress(psutil.Error):
                head = head_of.get(process.pid) or head_of.get(process.ppid())
                if head:
                    head_of[process.pid] = head
                    self.members[head].add(process)

    def resident_bytes(self, head: int) -> int:
        """What the family has in memory; pages that its members share count more than once."""
        return sum(map(_resident, self.members.get(head, ())))

    def kill(self, head: int) -> None:
        """The group first, then those who left it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(head, signal.SIGKILL)
        for member in self.members.get(head, ()):
            with suppress(psutil.Error):
                member.kill()


def has_children() -> bool:
    """Whether this process has any, orphans that it adopted among them; one that ended counts until it is waited for.

    Looking at all processes of the machine takes far longer.
    """
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _resident(member: psutil.Process) -> int:
    try:
        return int(member.memory_info().rss)
    except psutil.Error:
        return 0
