"""Ages: how long the jobs of a worker have run, on its own clock, as that of the store may be set meanwhile."""

from collections.abc import Iterable
from dataclasses import replace

from ..jobs.leases import Held, Verdict


class Ages:
    """Of the attempts that the store named when it was last asked."""

    def __init__(self) -> None:
        self.began: dict[tuple[str, int], float] = {}
        self.looked = float("-inf")

    def look(self, held: Iterable[Held], now: float) -> list[Held]:
        """The same jobs at this moment, on a clock that is never set; those over a time limit with that verdict."""
        jobs = list(held)
        # The store's clock says when an attempt began; that was not before it was last asked, where it did not name it.
        self.began = {
            (job.job_id, job.attempt): self.began.get(
                (job.job_id, job.attempt), now - min(max(job.elapsed, 0), now - self.looked)
            )
            for job in jobs
        }
        self.looked = now
        return [replace(job, verdict=_verdict(job, now - self.began[job.job_id, job.attempt])) for job in jobs]


def _verdict(job: Held, age: float) -> Verdict:
    if job.verdict == Verdict.KILL:
        return Verdict.KILL
    return Verdict.HARD if age > job.hard_limit else Verdict.SOFT if age > job.soft_limit else Verdict.RUN
