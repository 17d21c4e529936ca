"""What became of the jobs of a campaign, by the audit stream and the records; and whether that is allowed."""

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any, NamedTuple

from campaign import Campaign, Hit
from stack import Stack
from witness import FINAL

from fastprocesses_server.jobs.connection import connect

ATTEMPTS = 3
STEPS = {("", "accepted"), ("accepted", "running"), ("running", "accepted")} | {
    (before, after) for before in ("accepted", "running") for after in FINAL
}


class Step(NamedTuple):
    """A change of a job's status."""

    at: float
    """Seconds since the epoch."""
    before: str
    after: str
    attempt: int
    pid: str


Lives = dict[str, list[Step]]


def read_lives(stack: Stack) -> Lives:
    """The steps of each job in their order, of those that no client knows too."""
    with connect(stack.valkey.url, seconds=30) as redis:
        entries: Any = redis.xrange("fp:audit")
    lives: Lives = defaultdict(list)
    for moment, entry in entries:
        fields = {name.decode(): value.decode() for name, value in entry.items()}
        at = int(moment.split(b"-")[0]) / 1000
        step = Step(at, fields["from"], fields["to"], int(fields["attempt"]), fields["pid"])
        lives[fields["job"]].append(step)
    return lives


def faults_of(campaign: Campaign, lives: Lives) -> list[str]:
    """What is wrong with the jobs, those of clients that waited too."""
    wrong = [
        f"job {job_id} was accepted and is not known" for job_id in campaign.ledger.accepted if job_id not in lives
    ]
    starts = Counter(start.job_id for start in campaign.stack.starts())
    for job_id, life in lives.items():
        steps = [(step.before, step.after) for step in life]
        checks = {
            "has not one end": sum(after in FINAL for _, after in steps) == 1 and steps[-1][1] in FINAL,
            "was changed after its end": all(before not in FINAL for before, _ in steps),
            "went a way that there is not": STEPS.issuperset(steps),
            "has a gap": all(one[1] == other[0] for one, other in pairwise(steps)),
            "started too often": max(step.attempt for step in life) <= ATTEMPTS,
            "ran unclaimed": starts[job_id] <= sum(after == "running" for _, after in steps),
        }
        wrong += [f"job {job_id} {what}: {steps}" for what, is_right in checks.items() if not is_right]
    return wrong


def foreign_outputs(campaign: Campaign, lives: Lives) -> list[str]:
    """Jobs whose outputs are not those of the attempt that ended them; the ones that joined another had none."""
    return [
        f"job {job_id}: outputs of {maker}: {lives[job_id]}"
        for job_id, maker in campaign.witness.makers.items()
        if any(step.after == "running" for step in lives[job_id]) and lives[job_id][-1].pid != maker
    ]


def recovery(hit: Hit, lives: Lives) -> float:
    """Seconds from the end of the fault to the end of its job."""
    life = lives.get(hit.job_id)
    return max(0.0, life[-1].at - hit.over) if life else 0.0


def left_to_do(stack: Stack) -> dict[str, int]:
    """What lies where only unfinished jobs do."""
    with connect(stack.valkey.url) as redis:
        patterns = ("fp:waiting:*", "fp:running:*", "fp:joint:*", "fp:joined:*", "fp:parked:*")
        names: Any = [name for pattern in patterns for name in redis.scan_iter(pattern)]
        sizes: Any = {"fp:due": redis.zcard("fp:due"), "default": redis.llen("default")}
    return {name: size for name, size in sizes.items() if size} | {name.decode(): 1 for name in names}
