"""A campaign: faults, each at the named moment of a job's life, while other clients come and go."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from faults import GATED, IN_API, STOP_SECONDS, Fault
from stack import CHILDREN, WORKERS, Stack, Start, is_alive, wait_for
from witness import Ledger, Witness

from fastprocesses_server.jobs.connection import STORE_ERRORS, connect

HIT_SECONDS = 20
READY_SECONDS = 60
BYTES_OF_A_COMMAND = 50
"""About as many in Valkey's file."""
GONE_SECONDS = 10
"""For the processes of a dismissed job, counted from the end of the fault."""


@dataclass(frozen=True)
class Hit:
    """A fault that met a job: which one, what there was to strike, and when the fault was over."""

    fault: Fault
    job_id: str
    child: int
    grandchild: int
    over: float
    """Seconds since the epoch."""


def arm(point: Path, action: str) -> None:
    """At once: a process that comes along while it is written would write into the same file."""
    written = point.with_name(f"{point.name}.new")
    written.write_text(action)
    written.rename(point)


@dataclass
class Campaign:
    stack: Stack
    chance: random.Random
    rounds: int = 0
    hits: list[Hit] = field(default_factory=list)
    resumes: list[threading.Timer] = field(default_factory=list)
    clients: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.stack.url)
        self.witness = Witness(self.ledger)

    def run(self, faults: Sequence[Fault]) -> None:
        """Each fault until it has hit, three times at most."""
        self.witness.start()
        for fault in faults:
            for _ in range(3):
                self.rounds += 1
                if self._round(fault):
                    break
            assert wait_for(self.stack.is_ready, READY_SECONDS), f"not ready again after {fault}"
        for timer in self.resumes:
            timer.join()
        for client in self.clients:
            client.join()
        self.ledger.expect(wait_for(self.witness.has_seen_all_end, 90), f"no end: {self._unfinished()}")
        self.witness.stop()

    def _unfinished(self) -> list[str]:
        return [job_id for job_id in self.ledger.accepted if job_id not in self.witness.ended]

    def _round(self, fault: Fault) -> bool:
        """Whether the fault met a job at its moment."""
        token = f"r{self.rounds}"
        for _ in range(2):
            self._begin(self._company, token)
        with suppress(*STORE_ERRORS, OSError, psutil.Error):  # the fault before this one is not over: a miss
            if fault.moment == "loading":
                return self._while_loading(fault, token)
            if fault.moment in GATED:
                return self._while_gated(fault, token)
            return self._at_fail_point(fault, token)
        return False

    def _begin(self, client: Callable[[str], object], token: str) -> None:
        thread = threading.Thread(target=client, args=(token,), daemon=True)
        self.clients.append(thread)
        thread.start()

    def _inputs(self, token: str, **more: object) -> dict[str, object]:
        return {"folder": str(self.stack.folder), "token": token, **more}

    def _company(self, token: str) -> None:
        """A request of any kind, that may be dismissed; equal ones of a cached process come together."""
        process = self.chance.choice(("chaotic", "cached"))
        size = self.chance.choice((0, 0, 200_000))
        inputs = self._inputs(token, size=size) if process == "chaotic" else self._inputs(token)
        job_id = self.ledger.execute(process, inputs, is_async=self.chance.random() < 0.6)
        if job_id and self.chance.random() < 0.2:
            self.ledger.delete(job_id)

    def _submit(self, token: str) -> None:
        self.ledger.execute("chaotic", self._inputs(token), is_async=True)

    def _at_fail_point(self, fault: Fault, token: str) -> bool:
        point = self.stack.points / fault.moment
        hit = point.with_suffix(".hit")
        arm(point, "lose" if fault.kind == "lose" else "hold")
        try:
            self._begin(self._submit, token)
            if fault.kind == "lose":
                return bool(wait_for(lambda: not point.exists(), HIT_SECONDS)) and self._note(fault, Start("", 0, 0))
            if not wait_for(hit.exists, HIT_SECONDS):
                return False
            pid, job_id = hit.read_text().split()
            return self._strike(fault, Start(job_id, 0 if fault.moment in IN_API else int(pid), 0))
        finally:
            point.unlink(missing_ok=True)
            hit.unlink(missing_ok=True)

    def _while_gated(self, fault: Fault, token: str) -> bool:
        gate = self.stack.folder / f"gate-{token}"
        held = CHILDREN * len(WORKERS) if fault.moment == "queued" else 1
        inputs = self._inputs(token, gate=gate.name, is_stubborn=fault.moment == "dismissing")
        try:
            jobs = [self.ledger.execute("chaotic", inputs, is_async=True) for _ in range(held)]
            start = wait_for(lambda: self._running(jobs), HIT_SECONDS)
            if not start:
                return False
            match fault.moment:
                case "queued":
                    return self._while_queued(fault, token, start)
                case "dismissing":
                    return self._while_dismissing(fault, start)
                case _:
                    return self._strike(fault, start)
        finally:
            gate.touch()

    def _running(self, jobs: Sequence[str | None]) -> Start | None:
        """The last start, once all of these jobs run."""
        starts = [start for start in self.stack.starts() if start.job_id in jobs and is_alive(start.child)]
        return starts[-1] if {start.job_id for start in starts} == set(jobs) else None

    def _while_queued(self, fault: Fault, token: str, start: Start) -> bool:
        """All children are busy, so that one more job stays where it is."""
        job_id = self.ledger.execute("chaotic", self._inputs(token), is_async=True)
        with connect(self.stack.valkey.url) as redis:
            waits = job_id and redis.zscore("fp:waiting:default", job_id) is not None and redis.llen("default")
        return bool(waits) and self._strike(fault, Start(str(job_id), start.child, 0))

    def _while_dismissing(self, fault: Fault, start: Start) -> bool:
        """Its worker has heard that the job is dismissed, and has not told it yet."""
        point = self.stack.points / fault.moment
        hit = point.with_suffix(".hit")
        arm(point, "hold")
        try:
            is_hit = (
                self.ledger.delete(start.job_id)
                and wait_for(hit.exists, HIT_SECONDS)
                and hit.read_text().split()[1] == start.job_id
                and self._strike(fault, start)
            )
        finally:
            point.unlink(missing_ok=True)
            hit.unlink(missing_ok=True)
        if is_hit:
            end = self.hits[-1].over - time.time() + GONE_SECONDS
            left = lambda: [pid for pid in (start.child, start.grandchild) if is_alive(pid)]  # noqa: E731
            self.ledger.expect(wait_for(lambda: not left(), end), f"after {fault}, {left()} of {start} live")
        return is_hit

    def _while_loading(self, fault: Fault, token: str) -> bool:
        """A job runs, and Redis reads its file again."""
        gate = self.stack.folder / f"gate-{token}"
        try:
            jobs = [self.ledger.execute("chaotic", self._inputs(token, gate=gate.name), is_async=True)]
            start = wait_for(lambda: self._running(jobs), HIT_SECONDS)
            if not start:
                return False
            self._make_loading_slow()
            os.kill(self.stack.processes["redis"].pid, signal.SIGKILL)
            return bool(wait_for(self.stack.is_loading, HIT_SECONDS)) and self._strike(fault, start)
        finally:
            self.stack.slow_loading = ""
            gate.touch()

    def _make_loading_slow(self) -> None:
        """About three seconds. It answers between a thousand commands, of which there are many then."""
        with connect(self.stack.valkey.url) as redis, redis.pipeline(transaction=False) as pipeline:
            for _ in range(5000):
                pipeline.incr("filling")
            pipeline.execute()
            info: Any = redis.info("persistence")
        commands = info["aof_current_size"] // BYTES_OF_A_COMMAND
        self.stack.slow_loading = f"key-load-delay {3_000_000 // commands}\n"

    def _strike(self, fault: Fault, start: Start) -> bool:
        pid = self._pid_of(fault.target, start)
        if not is_alive(pid):
            return False
        os.kill(pid, signal.Signals[f"SIG{fault.kind}"])
        if fault.kind == "STOP":
            timer = threading.Timer(STOP_SECONDS, _resume, [pid])
            timer.start()
            self.resumes.append(timer)
        return self._note(fault, start)

    def _pid_of(self, target: str, start: Start) -> int:
        match target:
            case "child":
                return start.child
            case "grandchild":
                return start.grandchild
            case "worker":
                return psutil.Process(start.child).ppid()
            case _:
                return self.stack.processes[target].pid

    def _note(self, fault: Fault, start: Start) -> bool:
        over = time.time() + (STOP_SECONDS if fault.kind == "STOP" else 0)
        self.hits.append(Hit(fault, start.job_id, start.child, start.grandchild, over))
        return True


def _resume(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def make_campaign(stack: Stack, seed: int) -> Campaign:
    return Campaign(stack, random.Random(seed))  # noqa: S311 - to be repeated, not to be secret
