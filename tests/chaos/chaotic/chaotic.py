"""A callable that tells when it runs, has a child process, and can be held."""

import os
import subprocess
import time
from pathlib import Path


def run(folder: str, token: str, *, context, gate: str = "", is_stubborn: bool = False, size: int = 0):
    """Writes down job, process and child process; lasts until the file `gate` is there, or 0.3 s without one.

    Returns the token and this process, and a filling of that size.
    """
    with subprocess.Popen(["sleep", "300" if gate else "0.3"]) as child:
        with Path(folder, "executions").open("a") as file:
            file.write(f"{context.job_id} {os.getpid()} {child.pid}\n")
        while child.poll() is None and not (gate and Path(folder, gate).exists()):
            if context.cancelled and not is_stubborn:
                break
            time.sleep(0.02)
        child.kill()
    return f"{token} {os.getpid()} " + "x" * size
