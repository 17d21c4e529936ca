"""Whatever dies, an accepted job is never lost and ends exactly once.

Each round brings a job to a moment of its life, and ends or stops a process then. CHAOS_SEED decides about the order
of the faults, CHAOS_ROUNDS how many there are: `CHAOS_ROUNDS=500 .venv/bin/pytest tests/chaos` takes about 20
minutes.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from campaign import Campaign, make_campaign
from faults import deal
from life import Lives, faults_of, foreign_outputs, left_to_do, read_lives, recovery
from stack import Stack, wait_for

from fastprocesses_server.standalone.valkey import embedded_valkey

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "60"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
STACKS = 3
"""Side by side: most of a campaign is waiting."""
RECOVERY_SECONDS = 60


@pytest.fixture
def campaigns(tmp_path: Path) -> Iterator[list[Campaign]]:
    with ExitStack() as cleanup:
        stacks = []
        for number in range(STACKS):
            folder = tmp_path / str(number)
            folder.mkdir()
            stacks.append(Stack(folder, cleanup.enter_context(embedded_valkey(folder))))
        for stack in stacks:
            stack.start()
            cleanup.callback(stack.stop)
        for stack in stacks:
            assert wait_for(stack.is_ready, 90), stack.log()
        yield [make_campaign(stack, SEED + number) for number, stack in enumerate(stacks)]


def test_no_accepted_job_is_lost_and_each_ends_once(campaigns: list[Campaign], remark: Callable[[str], None]) -> None:
    with ThreadPoolExecutor(STACKS) as at_once:
        list(at_once.map(Campaign.run, campaigns, deal(ROUNDS, SEED, STACKS)))
    wrong = [line for campaign in campaigns for line in check(campaign)]
    assert not wrong, f"seed {SEED}:\n" + "\n".join(wrong)
    for line in report(campaigns, [read_lives(campaign.stack) for campaign in campaigns]):
        remark(line)
    assert sum(len(campaign.hits) for campaign in campaigns) == ROUNDS
    left = [pid for campaign in campaigns for pid in campaign.stack.stop()]
    assert not left, f"seed {SEED}: processes that outlived their server"


def check(campaign: Campaign) -> list[str]:
    stack, lives = campaign.stack, read_lives(campaign.stack)
    wrong = [*campaign.ledger.broken, *faults_of(campaign, lives), *foreign_outputs(campaign, lives)]
    if not wait_for(lambda: not left_to_do(stack), 30):
        wrong.append(f"left behind: {left_to_do(stack)}")
    if not wait_for(lambda: not living_grandchildren(stack), 5):
        wrong.append(f"processes of jobs live on: {living_grandchildren(stack)}")
    slow = [(str(hit.fault), recovery(hit, lives)) for hit in campaign.hits if recovery(hit, lives) > RECOVERY_SECONDS]
    return wrong + [f"recovery took too long: {slow}"] * bool(slow)


def living_grandchildren(stack: Stack) -> set[int]:
    return {start.grandchild for start in stack.starts()} & stack.own_processes()


def report(campaigns: list[Campaign], lives: list[Lives]) -> Iterator[str]:
    recoveries = [
        (recovery(hit, of_stack), str(hit.fault))
        for campaign, of_stack in zip(campaigns, lives, strict=True)
        for hit in campaign.hits
    ]
    ends = Counter(status for campaign in campaigns for status in campaign.witness.ended.values())
    rounds, tries = sum(len(campaign.hits) for campaign in campaigns), sum(campaign.rounds for campaign in campaigns)
    answered, refused = (
        sum(getattr(campaign.ledger, name) for campaign in campaigns) for name in ("answered", "refused")
    )
    yield (
        f"faults, seed {SEED}: {rounds} rounds that hit, of {tries}; {ends.total()} accepted jobs, 0 lost: "
        + ", ".join(f"{count} {status}" for status, count in ends.items())
    )
    yield f"  {answered} answers to clients that waited, {refused} requests without an answer that promises anything"
    slowest = sorted(recoveries, reverse=True)[:3]
    yield "  longest from the end of a fault to the end of its job: " + ", ".join(
        f"{seconds:.1f} s ({fault})" for seconds, fault in slowest
    )
    by_kind = Counter(" ".join((hit.fault.target, hit.fault.kind)) for campaign in campaigns for hit in campaign.hits)
    yield "  " + ", ".join(f"{count} {kind}" for kind, count in sorted(by_kind.items()))
    by_moment = Counter(hit.fault.moment for campaign in campaigns for hit in campaign.hits)
    yield "  " + ", ".join(f"{count} {moment}" for moment, count in sorted(by_moment.items()))
