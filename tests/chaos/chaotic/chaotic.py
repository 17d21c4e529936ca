"""A callable that tells when it runs."""

import subprocess
import time
from pathlib import Path


def run(executions: str, seconds: float, context):
    with Path(executions).open("a") as file:
        file.write(f"{context.job_id}\n")
    with subprocess.Popen(["sleep", str(seconds)]) as child:
        while child.poll() is None and not context.cancelled:
            time.sleep(0.02)
    return context.job_id
