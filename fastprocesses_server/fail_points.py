"""Fail points: named moments at which a test can hold this process, kill it, or let an answer be lost.

They are empty functions unless FASTPROCESSES_FAIL_POINTS names a folder when the process starts. There a file with
the name of a point and the text `hold`, `kill` or `lose` arms it, for the first process that comes along. That one
writes its process id and the job's id to NAME.hit; held, it goes on when that file is removed.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

POLL_SECONDS = 0.02

_folder = os.environ.get("FASTPROCESSES_FAIL_POINTS")
ARE_ON = _folder is not None
"""Whether this process has fail points; the transitions write an audit stream then."""


def _reach(name: str, job_id: str, loss: Exception | None = None) -> None:
    armed = Path(str(_folder)) / name
    taken = armed.with_suffix(f".{os.getpid()}")
    try:
        armed.rename(taken)
    except FileNotFoundError:
        return
    action = taken.read_text()
    hit = armed.with_suffix(".hit")
    taken.write_text(f"{os.getpid()} {job_id}")
    taken.rename(hit)
    match action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "lose" if loss:
            with suppress(FileNotFoundError):
                hit.unlink()
            raise loss
        case _:
            while hit.exists():
                time.sleep(POLL_SECONDS)


def _pass(name: str, job_id: str, loss: Exception | None = None) -> None:
    """Nothing was asked for."""


fail_point = _reach if ARE_ON else _pass
