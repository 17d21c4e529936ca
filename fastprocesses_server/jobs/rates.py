"""How many requests a client has sent of late, counted in Redis for all API processes."""

import asyncio
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from loguru import logger

from ..settings.quotas import Rate
from .connection import STORE_ERRORS, trouble

if TYPE_CHECKING:
    from redis.asyncio import Redis

PAUSE = 5.0
"""Seconds before a Redis is asked again that was away."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of a client's requests, and the seconds after which it begins anew."""

    requests: int
    seconds: int


class Rates:
    def __init__(self, redis: "Redis", rate: Rate) -> None:
        self.rate = rate
        self.script = redis.register_script((files(__package__) / "lua" / "rate.lua").read_text(encoding="utf-8"))
        self.is_away_until = 0.0

    async def count(self, client: str) -> Count | None:
        """With this request; None where Redis is away: then requests are let through, and what needs Redis fails."""
        now = asyncio.get_running_loop().time()
        if now < self.is_away_until:
            return None
        try:
            requests, milliseconds = await self.script(keys=[f"fp:rate:{client}"], args=[self.rate.seconds * 1000])
        except STORE_ERRORS as error:
            self.is_away_until = now + PAUSE
            logger.warning("requests are not counted: Redis {}", trouble(error))
            return None
        return Count(requests, -(-milliseconds // 1000))
