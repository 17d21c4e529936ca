"""Answers to those who show a wrong key or token, of whom more than a few from one address are guessing."""

from fastapi import Request
from loguru import logger

from ...errors import Problem, TooManyRefusals, Unauthorized
from ...jobs.rates import Rates
from ...settings import Settings
from ...settings.quotas import Rate
from ..client import address_of

MOST = Rate(20, 60)
"""From one address, the time beginning with the first one."""


class Refusals:
    """Only what is wrong is counted, and only that is refused: right keys of others behind the address stay good."""

    def __init__(self, settings: Settings, rates: Rates) -> None:
        self.settings = settings
        self.rates = rates

    async def answer(self, request: Request, problem: Unauthorized) -> Problem:
        """What to answer instead of `problem`, or that; in the log is from where it came, and not what was shown."""
        address = address_of(request, self.settings)
        count = await self.rates.count(f"wrong:{address}") if problem.is_guess else None
        if count is None or count.requests <= self.rates.rate.count:
            logger.info("401 for {}: {}", address, problem.fault)
            return problem
        if count.requests == self.rates.rate.count + 1:
            logger.warning("429 for {}: further wrong keys are not told for {} s", address, count.seconds)
        return TooManyRefusals(
            f"More than {self.rates.rate.count} wrong keys or tokens came from this address within a minute. "
            f"A right one is taken at any time; try no others for {count.seconds} s.",
            count.seconds,
        )
