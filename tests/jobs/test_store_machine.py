"""Any sequence of transitions, against a plain model of a job's life, on a real Valkey.

STORE_MACHINE_EXAMPLES=2000 looks longer.
"""

import asyncio
import os
from dataclasses import replace
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from upper import make_process, make_registry

from fastprocesses_server.errors import Problem, QueueIsFull, TooManyJobs
from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.connection import connect, connect_async
from fastprocesses_server.jobs.counts import Measures
from fastprocesses_server.jobs.leases import Claim, Leases, Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.jobs.store import JobStore
from fastprocesses_server.settings import Settings

EXAMPLES = int(os.environ.get("STORE_MACHINE_EXAMPLES", "60"))
ATTEMPTS = 2
PROCESS = make_process(run={"attempts": ATTEMPTS, "concurrency": 1})
EXECUTION = RequestReader(PROCESS).read({"inputs": {}})
MAKER = "key:city"
QUOTAS = Settings(max_jobs_per_client=5, max_queue=6)
PID = os.getpid()
FINAL = ("successful", "failed", "dismissed")
JOBS = st.sampled_from("abcdefghijkl")
KEYS = st.sampled_from([None, "k"])
OWNERS = st.sampled_from(["one", "two"])


class Model:
    """A job as the rules of its life have it."""

    def __init__(self, key: str | None, maker: str) -> None:
        self.key = key
        self.maker = maker
        self.status = "accepted"
        self.owner = ""
        self.attempt = 0
        self.is_put_off = False

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

    def pick(self, data: st.DataObject) -> tuple[str, str]:
        """Mostly a job that runs, a new one where none does, and mostly its owner; now and then any of both."""
        if data.draw(st.integers(0, 4)):
            if not self.all("running"):
                self.create(data.draw(JOBS), data.draw(KEYS))
                self.claim(data, data.draw(OWNERS))
            if running := self.all("running"):
                name = data.draw(st.sampled_from(running))
                return name, self.jobs[name].owner if data.draw(st.integers(0, 4)) else data.draw(OWNERS)
        return data.draw(JOBS), data.draw(OWNERS)

    def all(self, status: str) -> list[str]:
        return [name for name, job in self.jobs.items() if job.status == status]

    def attempt_of(self, job_id: str) -> int:
        return self.jobs[job_id].attempt if job_id in self.jobs else 1

    def again(self, name: str, *arguments: Any) -> Any:
        """A transition that is called twice, as if its first answer were lost: the second does nothing."""
        call = self.workers["one"].transitions[name]
        answer, before = call(args=arguments), self.everything()
        assert call(args=arguments) == answer
        assert self.everything() == before
        return answer

    def everything(self) -> list[Any]:
        """Records, places and counts, but for the time of the last change."""
        records = [self.record(job_id) for job_id in sorted(self.jobs)]
        for record in records:
            record.pop("updated", None)
        places = [self.redis.lrange("default", 0, -1), self.redis.zrange("fp:due", 0, -1), self.places()]
        return [records, places, self.redis.hgetall("fp:counts")]

    def places(self) -> dict[str, list[str]]:
        found: Any = {
            "waiting": self.redis.zrange("fp:waiting:default", 0, -1),
            "parked": self.redis.zrange("fp:parked:upper", 0, -1),
            "joined": self.redis.zrange("fp:joined:k", 0, -1),
        }
        return {place: [name.decode() for name in names] for place, names in found.items()}

    def held_by(self, owner: str, job_id: str) -> Model | None:
        job = self.jobs.get(job_id)
        return job if job and job.status == "running" and job.owner == owner else None

    @initialize()
    def begin(self) -> None:
        """Most of what matters happens between several jobs."""
        for job_id, key in (("a", None), ("b", None), ("c", "k")):
            self.create(job_id, key)

    @rule(job_id=JOBS, key=KEYS)
    def create(self, job_id: str, key: str | None) -> None:
        async def call() -> None:
            client = connect_async(self.url)
            execution = replace(EXECUTION, maker=maker, client=maker)
            try:
                await JobStore(client, QUOTAS).create(job_id, execution, is_public=True, key=key)
            finally:
                await client.aclose()

        maker = MAKER if job_id in "abcdef" else ""
        if job_id in self.jobs or not (refusal := self.refusal(key, maker)):
            asyncio.run(call())
            self.jobs.setdefault(job_id, Model(key, maker))
            return
        before = self.everything()
        with pytest.raises(refusal):
            asyncio.run(call())
        assert self.everything() == before
        assert not self.redis.exists(f"fp:job:{job_id}")

    def refusal(self, key: str | None, maker: str) -> type[Problem] | None:
        """Of a new job, where the quotas allow none."""
        alive = [job for job in self.jobs.values() if job.status not in FINAL]
        if maker and sum(job.maker == maker for job in alive) >= (QUOTAS.max_jobs_per_client or 0):
            return TooManyJobs
        if key and any(job.key == key for job in alive):
            return None
        places = self.places()
        return QueueIsFull if len(places["waiting"] + places["parked"]) >= (QUOTAS.max_queue or 0) else None

    @rule(data=st.data(), owner=OWNERS)
    def claim(self, data: st.DataObject, owner: str) -> None:
        """One process runs one job: a claim gives up what it held, unless it is this very job."""
        waiting = self.all("accepted")
        job_id = data.draw(st.sampled_from(waiting) if waiting and data.draw(st.integers(0, 4)) else JOBS)
        record, running = self.record(job_id), self.all("running")
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

    @rule(data=st.data(), status=st.sampled_from([Status.SUCCESSFUL, Status.FAILED]), late=st.integers(0, 3))
    def commit(self, data: st.DataObject, status: Status, late: int) -> None:
        job_id, owner = self.pick(data)
        job, attempt, before = self.held_by(owner, job_id), self.attempt_of(job_id), self.record(job_id)
        if late == 3:
            assert self.again("commit", job_id, attempt - 1, owner, status, "{}", 0, PID, 8_000, "f", 0) == [0, b""]
            return
        done = [self.workers[owner].commit(job_id, attempt, Outcome(status, b"{}")) for _ in range(2)]
        if not job:
            assert done == [before.get("status") == status and before.get("owner") == owner] * 2
            return
        assert done == [True, True]
        assert not self.redis.exists(f"fp:worker:{owner}")
        job.status = str(status)
        if status == Status.SUCCESSFUL and job.key:
            for other in self.jobs.values():
                if other.key == job.key and other.status == "accepted":
                    other.status = str(status)

    @rule(data=st.data(), status=st.sampled_from([Status.SUCCESSFUL, Status.FAILED]))
    def commit_and_go_on(self, data: st.DataObject, status: Status) -> None:
        """Its process takes the first job of the queue that may start; both calls name it."""
        job_id, owner = self.pick(data)
        if not (job := self.held_by(owner, job_id)):
            return
        done = [self.workers[owner].commit(job_id, job.attempt, Outcome(status, b"{}"), left=0) for _ in range(2)]
        job.status = str(status)
        if status == Status.SUCCESSFUL and job.key:
            for other in self.jobs.values():
                if other.key == job.key and other.status == "accepted":
                    other.status = str(status)
        if not isinstance(done[0], Claim):
            assert done == [True, True]
            assert not self.redis.exists("default")
            return
        assert done[1] == done[0]
        next_job = self.jobs[done[0].job.id]
        assert next_job.status == "accepted"
        next_job.start(owner)

    @rule(data=st.data(), pause=st.sampled_from([0, 60_000]), late=st.integers(0, 3))
    def retry(self, data: st.DataObject, pause: int, late: int) -> None:
        job_id, owner = self.pick(data)
        job, fence = self.held_by(owner, job_id), [job_id, self.attempt_of(job_id) - (late == 3), owner]
        answer = self.again("retry", *fence, token_hex(8), pause, "again", "{}")
        if job and late < 3:
            job.lose()
            assert not self.redis.exists(f"fp:worker:{owner}")
            job.is_put_off = job.status == "accepted" and pause > 0
        assert answer == (job.status.encode() if job and late < 3 else None)

    @rule(data=st.data(), late=st.integers(0, 3), registry=st.sampled_from(["f", "g"]))
    def decline(self, data: st.DataObject, late: int, registry: str) -> None:
        answer, job, owner = self.call_decline(data, late, registry, longest=60_000)
        assert answer == (b"accepted" if job else None)
        if job:
            assert not self.redis.exists(f"fp:worker:{owner}")
            job.status, job.owner, job.attempt, job.is_put_off = "accepted", "", job.attempt - 1, True

    @rule(data=st.data(), late=st.integers(0, 3))
    def decline_for_good(self, data: st.DataObject, late: int) -> None:
        """The jobs that have joined it fit as little."""
        answer, job, owner = self.call_decline(data, late, "f", longest=0)
        assert (answer or b"").split()[:1] == ([b"failed"] if job else [])
        if job:
            assert not self.redis.exists(f"fp:worker:{owner}")
            job.status = "failed"
            for other in self.jobs.values():
                if job.key and other.key == job.key and other.status == "accepted":
                    other.status = "failed"

    def call_decline(
        self, data: st.DataObject, late: int, registry: str, longest: int
    ) -> tuple[bytes | None, Model | None, str]:
        """The answer, the job where it is to have an effect, and whose that was."""
        job_id, owner = self.pick(data)
        job, fence = self.held_by(owner, job_id), [job_id, self.attempt_of(job_id) - (late == 3), owner]
        answer = self.again("decline", *fence, token_hex(8), 8_000, registry, "waits", "{}", 60_000, longest)
        return answer, None if late == 3 else job, owner

    @rule(owner=OWNERS)
    def give_back(self, owner: str) -> None:
        mine = {name for name, job in self.jobs.items() if self.held_by(owner, name)}
        assert {name for name, *_ in self.workers[owner].give_back()} == mine
        for name in mine:
            self.jobs[name].status, self.jobs[name].owner = "accepted", ""
            self.jobs[name].attempt -= 1
        self.redis.delete(f"fp:left:{owner}")  # a new worker of that name: there are only two here

    @rule()
    def time_passes(self) -> None:
        for job_id, job in self.jobs.items():
            if job.is_put_off and job.status == "accepted":
                self.redis.zadd("fp:due", {job_id: 0})
            job.is_put_off = False
        self.workers["two"].reap()

    @rule(data=st.data(), late=st.integers(0, 1), percent=st.integers(0, 100))
    def progress(self, data: st.DataObject, late: int, percent: int) -> None:
        job_id, owner = self.pick(data)
        before, held = self.record(job_id).get("progress"), self.held_by(owner, job_id)
        said = self.again("progress", job_id, self.attempt_of(job_id) - late, owner, percent, "")
        assert said == bool(held and not late)
        after = self.record(job_id).get("progress")
        assert after == (str(max(percent, int(str(before)))) if said else before)

    @rule(data=st.data())
    def gone(self, data: st.DataObject) -> None:
        job_id, owner = self.pick(data)
        job = self.held_by(owner, job_id)
        answer = self.again("gone", owner, PID, job_id, token_hex(8))
        if job:
            assert not self.redis.exists(f"fp:worker:{owner}")
            job.lose()
        assert answer == (job.status.encode() if job else None)
        assert self.workers[owner].gone(job_id, PID) is None

    @rule(data=st.data())
    def gone_elsewhere(self, data: st.DataObject) -> None:
        job_id, owner = self.pick(data)
        assert self.workers[owner].gone(job_id, PID + 1) is None

    @rule(data=st.data())
    def overrun(self, data: st.DataObject) -> None:
        job_id, owner = self.pick(data)
        job = self.held_by(owner, job_id)
        fence = [job_id, self.attempt_of(job_id), owner]
        assert self.again("overrun", *fence, token_hex(8), "{}") == (b"failed" if job else None)
        if job:
            job.status, job.owner = "failed", ""
        assert self.again("overrun", *fence, token_hex(8), "{}") is None

    @rule(job_id=JOBS, unless_joined=st.integers(0, 1))
    def dismiss(self, job_id: str, unless_joined: int) -> None:
        leads = self.redis.get("fp:joint:k") == job_id.encode() and self.redis.exists("fp:joined:k")
        self.again("dismiss", job_id, unless_joined, token_hex(8), "")
        if job_id in self.jobs and self.jobs[job_id].status not in FINAL and not (unless_joined and leads):
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
            assert record.get("maker", "") == job.maker, job_id

    @invariant()
    def a_maker_has_a_list_of_their_own(self) -> None:
        own: Any = self.redis.zrange(f"fp:jobs-of:{len(MAKER)}:{MAKER}", 0, -1)
        assert {name.decode() for name in own} == {name for name, job in self.jobs.items() if job.maker}

    @invariant()
    def the_counts_are_those_of_the_model(self) -> None:
        counted: Any = self.redis.hgetall("fp:counts")
        measures = Measures.read(counted, *self.workers["one"].transitions["measure"](args=[8_000]))
        ended = {status: len(self.all(status)) for status in FINAL}
        assert dict(measures.of("ended")) == {(status, "upper"): number for status, number in ended.items() if number}
        unfinished = len(self.all("accepted")), len(self.all("running"))
        assert measures.unfinished() == ({("upper",): unfinished} if self.jobs else {})

    @invariant()
    def what_is_counted_is_what_is_there(self) -> None:
        counted: Any = self.redis.smembers(f"fp:jobs-at-once:{MAKER}")
        alive = {name for name, job in self.jobs.items() if job.maker and job.status not in FINAL}
        assert {name.decode() for name in counted} == alive
        parked: Any = self.redis.smembers("fp:parked-from:default")
        assert sorted(name.decode() for name in parked) == sorted(self.places()["parked"])

    @invariant()
    def what_has_ended_stays_as_it_is(self) -> None:
        for job_id, job in self.jobs.items():
            if job.status in FINAL:
                assert self.ended.setdefault(job_id, job.status) == job.status

    @invariant()
    def an_accepted_job_waits_in_one_place(self) -> None:
        waiting = sorted(name for names in self.places().values() for name in names)
        assert waiting == sorted(name for name in self.all("accepted") if not self.jobs[name].is_put_off)

    @invariant()
    def what_has_a_message_may_be_claimed(self) -> None:
        free = [name for name in self.all("accepted") if "held" not in self.record(name)]
        assert sorted(self.places()["waiting"]) == sorted(free)

    @invariant()
    def what_is_looked_at_next_is_what_runs_or_is_put_off(self) -> None:
        due: Any = self.redis.zrange("fp:due", 0, -1)
        put_off = {name for name, job in self.jobs.items() if job.status == "accepted" and job.is_put_off}
        running = set(self.all("running"))
        assert {name.decode() for name in due} == running | put_off

    @invariant()
    def a_worker_has_what_it_runs(self) -> None:
        for owner in self.workers:
            held: Any = self.redis.hvals(f"fp:worker:{owner}")
            mine = {name for name, job in self.jobs.items() if job.status == "running" and job.owner == owner}
            assert mine <= {name.decode() for name in held}

    @invariant()
    def outputs_are_there_as_soon_as_it_is_successful(self) -> None:
        for name, job in self.jobs.items():
            assert bool(self.redis.exists(f"fp:job:{name}:results")) is (job.status == "successful")

    @invariant()
    def limits_and_leaders_hold(self) -> None:
        running: Any = self.redis.smembers("fp:running:upper")
        assert {name.decode() for name in running} == set(self.all("running"))
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
