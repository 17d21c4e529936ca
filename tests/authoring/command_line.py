"""The command line as a user calls it: in a process of its own, with or without a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from serving import own_environment

COMMAND = [sys.executable, "-m", "fastprocesses_server"]
PLUGIN = "fastprocesses_server.pytest_plugin"
SECONDS = 120


def environment(**more: str) -> dict[str, str]:
    return own_environment(**{"COLUMNS": "100", "TERM": "xterm", **more})


def run_command(*arguments: str, content: bytes = b"", **settings: str) -> subprocess.CompletedProcess[str]:
    """In the working directory; with bytes of standard output that are no text replaced."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=content,
        env=environment(**settings),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    out, error = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    return subprocess.CompletedProcess(done.args, done.returncode, out, error)


def run_pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As in a project of its own, with this plugin alone."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("FP_", "PYTEST"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", "-W", "error", *arguments],
        env={**own, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def run_on_terminal(*arguments: str) -> tuple[int, str]:
    """Exit status, and everything that a terminal was sent."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment(), start_new_session=True
    )
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:  # how Linux tells the end of a terminal
        pass
    os.close(ours)
    return process.wait(SECONDS), seen.decode(errors="replace").replace("\r\n", "\n")


def has_our_frames(text: str) -> bool:
    """Whether a traceback leads through the package."""
    package = Path(__file__).parent.parent.parent / "fastprocesses_server"
    return f'File "{package}' in text or "Traceback" in text
