"""A job whose process dies runs again, soon."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from serving import Client, wait_until


def test_a_job_whose_process_is_killed_soon_runs_again(
    client: Client, tmp_path: Path, figure: Callable[..., None]
) -> None:
    pids = tmp_path / "pids"
    job_id = client.submit("stubborn", {"pids": str(pids)})
    wait_until(lambda: pids.exists() and pids.read_text().split()[1:])
    first = int(pids.read_text().split()[0])
    pids.unlink()
    start = time.monotonic()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: pids.exists() and pids.read_text().split()[1:], 60)
    figure("SIGKILL of the process of a job: the job runs again", time.monotonic() - start, "s", 10)
    assert client.status(job_id)["status"] == "running"
    client.delete(f"/jobs/{job_id}")
