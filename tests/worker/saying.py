"""A worker's parent and one child without Celery and Redis. Jobs are the arguments; prints what was stored, as JSON."""

import ctypes
import json
import os
import pickle
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import redis

from fastprocesses_server.jobs.log import LogLine, Source
from fastprocesses_server.worker.capture import Capture
from fastprocesses_server.worker.scribe import Scribe

JOBS = 2000


class Ledger:
    """In the place of the leases."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.said: list[tuple[str, int, list[str], int]] = []

    def say(self, job_id: str, attempt: int, lines: Sequence[LogLine], left_out: int) -> bool:
        if self.failures:
            self.failures -= 1
            raise redis.ConnectionError("away")
        self.said.append((job_id, attempt, [line.text for line in lines], left_out))
        return True


def work(capture: Capture, how: str, gate: int) -> None:
    """In the child: jobs one after the other. From the gate, a pipe, comes word that there is a new scribe."""
    capture.enter_child()
    began = time.process_time()
    for number in range(JOBS if how == "silent" else 3):
        job: Any = SimpleNamespace(id=f"job-{number}", attempt=number + 1)
        with capture.of(job):
            if how == "succeeds" and not number:
                print("said", end=" ", flush=True)
                os.read(gate, 1)
                print("by 0")
                capture.say("INFO", Source.CONTEXT, "told")
            elif how != "silent":
                print(f"said by {number}")
                capture.say("INFO", Source.CONTEXT, "told")
            if how == "closes":
                os.closerange(capture.real[1] + 1, 200)
            if how == "dies":
                os._exit(0)
            if how == "spins":  # holds the interpreter: nothing in this process could read meanwhile
                ctypes.PyDLL(None).usleep(700_000)
    print((time.process_time() - began) / JOBS * 1e6, file=sys.stderr)


def successor(scribe: Scribe, ledger: Any) -> Scribe:
    """Made where half a line was read."""
    while not scribe.pages:
        time.sleep(0.02)
    lanes = pickle.loads(pickle.dumps(scribe.hand_over()))  # noqa: S301 - our own
    return Scribe(Capture(lanes.ends), ledger, lanes)


def main(how: str) -> None:
    capture, (gate, other_end) = Capture(), os.pipe()
    ledger: Any = Ledger(2 if how == "outage" else 0)
    pid = os.fork()
    if not pid:
        work(capture, how, gate)
        sys.stderr.flush()
        os._exit(0)
    scribe = Scribe(capture, ledger)
    scribe.start()
    if how == "succeeds":
        scribe = successor(scribe, ledger)
        scribe.start()
        os.write(other_end, b"\1")
    os.waitpid(pid, 0)
    scribe.finish(pid)
    end = time.monotonic() + 10
    while scribe.pages and time.monotonic() < end:
        time.sleep(0.02)
    print(json.dumps(ledger.said))


main(sys.argv[1])
