"""Whether a Redis is fit to hold jobs: what would lose them, and what might, by what INFO says."""

import time
from collections.abc import Mapping
from typing import Any

import redis
from loguru import logger

from ..errors import StartError
from .connection import REFUSED, connect, trouble

OLDEST = (7, 0)
ANSWER_SECONDS = 2.0
PAUSE_SECONDS, WORD_SECONDS = 1.0, 30.0
"""Between two looks at a Redis that is away, and between two lines of the log about it."""


def faults(info: Mapping[str, Any]) -> list[str]:
    """Why jobs must not be entrusted to it; empty where they may."""
    found = []
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        remedy = "CONFIG SET maxmemory-policy noeviction"
        found.append(f"it may evict jobs: its maxmemory-policy is {policy}; remedy: {remedy}")
    if info.get("role", "master") != "master":
        found.append("it is a replica, which takes no jobs; name its master")
    version = str(info.get("valkey_version") or info.get("redis_version") or "7.0")
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        found.append(f"it is version {version}; {OLDEST[0]}.{OLDEST[1]} is the oldest that will do")
    if info.get("aof_enabled") and info.get("aof_last_write_status", "ok") != "ok":
        found.append("it cannot write its AOF; look for a full disk in its log")
    return found


def hindrances(info: Mapping[str, Any]) -> list[str]:
    """Why it takes no jobs for now."""
    if info.get("min_slaves_good_slaves") == 0:
        return ["it refuses writes: none of its replicas keeps up (min-replicas-to-write)"]
    return []


def doubts(info: Mapping[str, Any]) -> list[str]:
    """What may lose jobs when it ends without warning."""
    found = []
    if not info.get("aof_enabled"):
        found.append(
            "it keeps no AOF: its end loses the jobs since its last snapshot; remedy: CONFIG SET appendonly yes"
        )
    if info.get("connected_slaves") and "min_slaves_good_slaves" not in info:
        remedy = "CONFIG SET min-replicas-to-write 1"
        found.append(
            f"it takes jobs also while none of its replicas keeps up, which has to lose them; remedy: {remedy}"
        )
    return found


def check_fitness(url: str) -> str:
    """Look at the Redis of the jobs before the start; why it cannot be judged yet, empty where it is fit.

    Raises:
        StartError: it is unfit, or does not let us in.
    """
    try:
        with connect(url, seconds=ANSWER_SECONDS) as client:
            info: Any = client.info()
    except REFUSED as error:
        raise StartError(f"the Redis of the jobs refuses: {error}; see FP_REDIS_URL or FP_BROKER_PASSWORD") from None
    except redis.RedisError as error:
        why = f" ({error.__context__})" if isinstance(error.__context__, OSError) else ""
        return trouble(error) + why
    if wrong := faults(info):
        raise StartError("\n".join(f"the Redis of the jobs is unfit: {what}" for what in wrong))
    for what in (*hindrances(info), *doubts(info)):
        logger.warning("the Redis of the jobs: {}", what)
    return ""


def wait_for_fitness(url: str) -> None:
    """What a worker does before it starts, however long that takes. Raises StartError as `check_fitness` does."""
    next_word = time.monotonic()
    while why := check_fitness(url):
        if time.monotonic() >= next_word:
            next_word = time.monotonic() + WORD_SECONDS
            logger.warning("the Redis of the jobs {}: this worker waits for it", why)
        time.sleep(PAUSE_SECONDS)
