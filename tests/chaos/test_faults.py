"""Whatever dies, an accepted job is never lost and ends exactly once.

Each round brings a job to a moment of its life by a fail point, and ends or stops a process then. The rounds are
chosen by CHAOS_SEED; CHAOS_ROUNDS says how many must hit. `CHAOS_ROUNDS=500 .venv/bin/pytest tests/chaos -s` takes
about half an hour.
"""

import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from stack import Stack, wait_for

from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.standalone.valkey import embedded_valkey

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "30"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
STOP_SECONDS = {"worker": 16, "child": 16, "api": 5, "redis": 5}
"""Longer than a lease and a suspicion where others work meanwhile."""
FINAL = ("successful", "failed", "dismissed")

IN_API = ("before-create", "created")
IN_CHILD = ("received", "claimed", "claim-unheard", "finished", "commit-unheard")
MATRIX = [
    *((moment, target, number) for moment in IN_API for target in ("api", "redis") for number in ("KILL", "TERM")),
    *(
        (moment, target, number)
        for moment in IN_CHILD
        for target in ("child", "worker", "redis", "api")
        for number in ("KILL", "TERM", "STOP")
        if (target, number) != ("child", "TERM")  # Celery's children leave that to their parent
    ),
    *((moment, "child", "lose") for moment in ("claim-unheard", "commit-unheard")),
]


@dataclass
class Campaign:
    stack: Stack
    accepted: list[str] = field(default_factory=list)
    dismissed: set[str] = field(default_factory=set)
    faults: Counter[str] = field(default_factory=Counter)
    timers: list[threading.Timer] = field(default_factory=list)

    def submit(self) -> None:
        body = {"inputs": {"executions": str(self.stack.executions), "seconds": 0.3}}
        url = f"{self.stack.url}/processes/chaotic/execution"
        try:
            response = httpx.post(url, json=body, headers={"Prefer": "respond-async"}, timeout=30)
        except httpx.TransportError:
            return
        assert response.status_code in (201, 503), response.text
        if response.status_code == 201:
            self.accepted.append(response.json()["jobID"])

    def round(self, moment: str, target: str, number: str) -> bool:
        """Whether the fault met a job at that moment."""
        points = self.stack.points
        (points / moment).write_text("lose" if number == "lose" else "hold")
        hit = points / f"{moment}.hit"
        clients = [threading.Thread(target=self.submit) for _ in range(2)]
        for client in clients:
            client.start()
        reached = (lambda: not (points / moment).exists()) if number == "lose" else hit.exists
        is_hit = wait_for(reached, 15)
        if is_hit and number != "lose":
            is_hit = self.strike(target, number, int(hit.read_text().split()[0]))
        (points / moment).unlink(missing_ok=True)
        hit.unlink(missing_ok=True)
        for client in clients:
            client.join()
        if is_hit:
            self.faults[f"{moment} {target} {number}"] += 1
        return is_hit

    def strike(self, target: str, number: str, reached: int) -> bool:
        try:
            pid = self.stack.pid_of(target, reached)
            os.kill(pid, signal.Signals[f"SIG{number}"])
        except (ProcessLookupError, KeyError):
            return False
        if number == "STOP":
            timer = threading.Timer(STOP_SECONDS[target], resume, [pid])
            timer.start()
            self.timers.append(timer)
        return True

    def maybe_dismiss(self, chance: random.Random) -> None:
        if not self.accepted or chance.random() > 0.2:
            return
        job_id = self.accepted[-1]
        try:
            if httpx.delete(f"{self.stack.url}/jobs/{job_id}", timeout=10).status_code == 200:
                self.dismissed.add(job_id)
        except httpx.TransportError:
            return

    def statuses(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for job_id in self.accepted:
            try:
                response = httpx.get(f"{self.stack.url}/jobs/{job_id}", timeout=10)
            except httpx.TransportError:
                return Counter({"away": 1})
            document = response.json()
            is_removed = response.status_code == 410 and job_id in self.dismissed
            status = "removed" if is_removed else str(response.status_code)
            found[document["status"] if response.status_code == 200 else status] += 1
        return found


def resume(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    with embedded_valkey(tmp_path) as valkey:
        stack = Stack(tmp_path, valkey)
        stack.start()
        assert wait_for(stack.is_ready, 60), stack.log()
        yield Campaign(stack)
        stack.stop()


def transitions(stack: Stack) -> dict[str, list[tuple[str, str]]]:
    """Of each job in their order, by the audit stream."""
    with connect(stack.valkey.url) as redis:
        entries: Any = redis.xrange("fp:audit")
    life: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for _, entry in entries:
        life[entry[b"job"].decode()].append((entry[b"from"].decode(), entry[b"to"].decode()))
    return life


def left_to_do(stack: Stack) -> dict[str, int]:
    """What lies where only unfinished jobs do."""
    with connect(stack.valkey.url) as redis:
        names: Any = [name for pattern in ("fp:waiting:*", "fp:running:*") for name in redis.scan_iter(pattern)]
        sizes: dict[str, int] = {"fp:due": redis.zcard("fp:due"), "default": redis.llen("default")}  # type: ignore[dict-item]
        return {name: size for name, size in sizes.items() if size} | {name.decode(): 1 for name in names}


def test_no_accepted_job_is_lost_and_each_ends_once(campaign: Campaign) -> None:
    chance, stack = random.Random(SEED), campaign.stack  # noqa: S311 - to be repeated, not to be secret
    hits = tries = 0
    while hits < ROUNDS and tries < 3 * ROUNDS:
        tries += 1
        hits += campaign.round(*chance.choice(MATRIX))
        campaign.maybe_dismiss(chance)
        assert wait_for(stack.is_ready, 60), f"seed {SEED}, round {tries}: not ready again\n{stack.log()}"
    assert hits == ROUNDS
    for timer in campaign.timers:
        timer.join()
    start = time.monotonic()
    unfinished = lambda: {*campaign.statuses()} - {*FINAL, "removed"}  # noqa: E731
    assert wait_for(lambda: not unfinished(), 90), f"seed {SEED}: {campaign.statuses()}\n{stack.log()}"
    recovery = time.monotonic() - start
    check_ends(campaign)
    print(f"\n{hits} rounds of {tries}, seed {SEED}: {len(campaign.accepted)} accepted jobs, 0 lost,", end=" ")
    print(f"{campaign.statuses()}, {recovery:.1f} s from the last fault to the last end")
    for fault, count in sorted(campaign.faults.items()):
        print(f"  {count:3} {fault}")


def check_ends(campaign: Campaign) -> None:
    stack, life = campaign.stack, transitions(campaign.stack)
    executions = Counter(stack.executions.read_text().split())
    for job_id in campaign.accepted:
        ends = [after for _, after in life[job_id] if after in FINAL]
        assert len(ends) == 1, (SEED, job_id, life[job_id])
        assert life[job_id][-1][1] == ends[0], (SEED, job_id, life[job_id])
        assert all(before not in FINAL for before, _ in life[job_id])
        assert executions[job_id] <= sum(after == "running" for _, after in life[job_id]), (SEED, job_id, life[job_id])
        if ends[0] == "successful" and job_id not in campaign.dismissed:
            assert httpx.get(f"{stack.url}/jobs/{job_id}/results", timeout=10).text == job_id
        if job_id in campaign.dismissed and ends[0] == "dismissed":
            assert httpx.get(f"{stack.url}/jobs/{job_id}/results", timeout=10).status_code == 410
    assert wait_for(lambda: not left_to_do(stack), 30), (SEED, left_to_do(stack))
