"""The faults: what is struck, how, and at which moment of a job's life."""

import random
from typing import NamedTuple

STOP_SECONDS = 16
"""Longer than a lease and a suspicion together."""


class Fault(NamedTuple):
    moment: str
    target: str
    """`child` runs the job, `worker` is its parent, `grandchild` is what the job has started."""
    kind: str
    """A signal, or `lose` for an answer of Redis that is lost."""

    def __str__(self) -> str:
        return " ".join(self)


SIGNALS = ("KILL", "TERM", "STOP")

IN_API = ("before-create", "created")
"""Fail points. Record and message are created in one step, so that there is no moment between the two."""
IN_CHILD = ("received", "claimed", "claim-unheard", "finished", "commit-unheard")
"""Fail points."""
GATED = ("queued", "running", "dismissing")
"""Moments that last: callables wait for a file."""

MATRIX = [
    Fault(moment, target, kind)
    for moments, targets in (
        (IN_API, ("api", "redis")),
        (IN_CHILD, ("child", "worker", "redis", "api")),
        (GATED, ("child", "worker", "redis", "api")),
        (("running", "dismissing"), ("grandchild",)),
        (("loading",), ("child", "worker", "redis", "api")),
    )
    for moment in moments
    for target in targets
    for kind in SIGNALS
    if (target, kind) != ("child", "TERM")  # Celery's children leave that to their parent
] + [Fault(moment, "child", "lose") for moment in ("claim-unheard", "commit-unheard")]


def deal(rounds: int, seed: int, hands: int) -> list[list[Fault]]:
    """So many faults, each as often as any other, in an order that the seed decides; one hand for each stack."""
    chance, deck = random.Random(seed), list[Fault]()  # noqa: S311 - to be repeated, not to be secret
    while len(deck) < rounds:
        deck += chance.sample(MATRIX, len(MATRIX))
    return [deck[:rounds][hand::hands] for hand in range(hands)]
