"""Any sequence of transitions, against a plain model of a job's life, on a real Valkey.

STORE_MACHINE_EXAMPLES=2000 looks longer.
"""

import asyncio
import os
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from upper import make_process, make_registry

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.connection import connect, connect_async
from fastprocesses_server.jobs.leases import Held, Leases, Outcome, Verdict
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.jobs.store import JobStore
from fastprocesses_server.settings import Settings

EXAMPLES = int(os.environ.get("STORE_MACHINE_EXAMPLES", "100"))
ATTEMPTS = 2
PROCESS = make_process(run={"attempts": ATTEMPTS, "concurrency": 1})
EXECUTION = RequestReader(PROCESS).read({"inputs": {}})
PID = os.getpid()
FINAL = ("successful", "failed", "dismissed")
JOBS = st.sampled_from("abcd")
OWNERS = st.sampled_from(["one", "two"])


class Model:
    """A job as the rules of its life have it."""

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.status = "accepted"
        self.owner = ""
        self.attempt = 0

    def start(self, owner: str) -> None:
        self.status, self.owner, self.attempt = "running", owner, self.attempt + 1

    def lose(self) -> None:
        self.status = "accepted" if self.attempt < ATTEMPTS else "failed"
        self.owner = ""


class Life(RuleBasedStateMachine):
    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.redis = connect(self.url)
        self.redis.flushall()
        self.workers = {
            owner: Leases(self.redis, Settings(), make_registry(PROCESS), owner, ("default",))
            for owner in ("one", "two")
        }
        self.jobs: dict[str, Model] = {}
        self.ended: dict[str, str] = {}

    def teardown(self) -> None:
        self.redis.close()

    def record(self, job_id: str) -> dict[str, str]:
        fields: Any = self.redis.hgetall(f"fp:job:{job_id}")
        return {name.decode(): value.decode() for name, value in fields.items() if name != b"envelope"}

    def held_by(self, owner: str, job_id: str) -> Model | None:
        job = self.jobs.get(job_id)
        return job if job and job.status == "running" and job.owner == owner else None

    @initialize()
    def begin(self) -> None:
        """Most of what matters happens between several jobs."""
        for job_id, key in (("a", None), ("b", None), ("c", "k")):
            self.create(job_id, key)

    @rule(job_id=JOBS, key=st.sampled_from([None, "k"]))
    def create(self, job_id: str, key: str | None) -> None:
        async def call() -> None:
            client = connect_async(self.url)
            await JobStore(client, Settings()).create(job_id, EXECUTION, is_public=True, key=key)
            await client.aclose()

        asyncio.run(call())
        self.jobs.setdefault(job_id, Model(key))

    @rule(job_id=JOBS, owner=OWNERS)
    def claim(self, job_id: str, owner: str) -> None:
        """One process runs one job: a claim gives up what it held, unless it is this very job."""
        record = self.record(job_id)
        running = [name for name, job in self.jobs.items() if job.status == "running"]
        mine = [name for name in running if self.jobs[name].owner == owner]
        claimed = self.workers[owner].claim(job_id)
        if job_id in mine:
            assert claimed
            return
        if job_id not in self.jobs or self.jobs[job_id].status != "accepted" or "held" in record:
            assert claimed is None
            return
        for stale in mine:
            self.jobs[stale].lose()
        if claimed:
            self.jobs[job_id].start(owner)
        else:
            assert len(running) > len(mine)

    @rule(job_id=JOBS, owner=OWNERS, status=st.sampled_from([Status.SUCCESSFUL, Status.FAILED]))
    def commit(self, job_id: str, owner: str, status: Status) -> None:
        job = self.held_by(owner, job_id)
        attempt = self.jobs[job_id].attempt if job_id in self.jobs else 1
        before = self.record(job_id)
        done = self.workers[owner].commit(job_id, attempt, Outcome(status, b"{}"))
        if job:
            assert done is True
            job.status = str(status)
            if status == Status.SUCCESSFUL and job.key:
                for other in self.jobs.values():
                    if other.key == job.key and other.status == "accepted":
                        other.status = str(status)
        else:
            assert done is (before.get("status") == status and before.get("owner") == owner)

    @rule(job_id=JOBS, owner=OWNERS)
    def retry(self, job_id: str, owner: str) -> None:
        job = self.held_by(owner, job_id)
        if job:
            assert self.workers[owner].retry(self.workers_job(job_id), 0, "again", b"{}")
            job.lose()

    def workers_job(self, job_id: str) -> Any:
        claim = self.workers[self.jobs[job_id].owner].claim(job_id)
        assert claim
        return claim.job

    @rule(job_id=JOBS, owner=OWNERS)
    def gone(self, job_id: str, owner: str) -> None:
        job = self.held_by(owner, job_id)
        assert bool(self.workers[owner].gone(job_id, PID)) is bool(job)
        if job:
            job.lose()
            return

    @rule(job_id=JOBS, owner=OWNERS)
    def overrun(self, job_id: str, owner: str) -> None:
        job = self.held_by(owner, job_id)
        attempt = self.jobs[job_id].attempt if job_id in self.jobs else 1
        held = Held(job_id, PID, attempt, Verdict.HARD, 0, 0)
        assert self.workers[owner].overrun(held, {"detail": "over"}) is bool(job)
        if job:
            job.status, job.owner = "failed", ""

    @rule(job_id=JOBS)
    def dismiss(self, job_id: str) -> None:
        self.workers["one"].transitions["dismiss"](args=[job_id, 0, token_hex(8)])
        if job_id in self.jobs and self.jobs[job_id].status not in FINAL:
            self.jobs[job_id].status = "dismissed"

    @rule()
    def lose_all_leases(self) -> None:
        for _ in range(2):
            for job_id, job in self.jobs.items():
                if job.status == "running":
                    self.redis.zadd("fp:due", {job_id: 0})
            self.workers["two"].reap()
        for job in self.jobs.values():
            if job.status == "running":
                job.lose()

    @rule()
    def lose_all_messages(self) -> None:
        self.redis.delete("default")

    @rule()
    def beat(self) -> None:
        for worker in self.workers.values():
            worker.beat()

    @invariant()
    def the_records_are_what_the_model_says(self) -> None:
        for job_id, job in self.jobs.items():
            record = self.record(job_id)
            assert (record["status"], int(record["attempt"])) == (job.status, job.attempt), job_id

    @invariant()
    def what_has_ended_stays_as_it_is(self) -> None:
        for job_id, job in self.jobs.items():
            if job.status in FINAL:
                assert self.ended.setdefault(job_id, job.status) == job.status

    @invariant()
    def an_accepted_job_waits_in_one_place(self) -> None:
        places: Any = {
            "waiting": self.redis.zrange("fp:waiting:default", 0, -1),
            "parked": self.redis.zrange("fp:parked:upper", 0, -1),
            "joined": self.redis.zrange("fp:joined:k", 0, -1),
        }
        waiting = sorted(name.decode() for names in places.values() for name in names)
        assert waiting == sorted(name for name, job in self.jobs.items() if job.status == "accepted")

    @invariant()
    def limits_and_leaders_hold(self) -> None:
        running: Any = self.redis.smembers("fp:running:upper")
        assert {name.decode() for name in running} == {n for n, job in self.jobs.items() if job.status == "running"}
        assert len(running) <= 1
        assert running or self.redis.exists("fp:waiting:default") or not self.redis.exists("fp:parked:upper")
        leader: Any = self.redis.get("fp:joint:k")
        alive = [name for name, job in self.jobs.items() if job.key and job.status not in FINAL]
        assert (leader.decode() in alive) if leader else not alive


def test_a_life_follows_the_rules_whatever_happens(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Life, "url", redis_url)
    options = settings(
        max_examples=EXAMPLES,
        stateful_step_count=40,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=options)
