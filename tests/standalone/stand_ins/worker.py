"""A worker with a running job: a child in a process group of its own, with children that would stay behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time


def run_job():
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # as Celery's children do: this one dies first, and tells nobody
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", "1000"])
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    print("runs a job")
    time.sleep(1000)


def stopped(*_):
    print("was asked to stop")
    if "stubborn" not in sys.argv:
        sys.exit()


if "broken" in sys.argv:
    sys.exit(3)
signal.signal(signal.SIGTERM, stopped)
if os.fork() == 0:
    run_job()
while True:
    time.sleep(1000)
