"""What an operator sees of the store: its Redis, its clock, the workers that were heard of lately, the queues."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .connection import connect

SECONDS = 3.0
"""That each answer of Redis may take."""


class Offer(NamedTuple):
    """What a worker has of a process."""

    version: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Worker:
    owner: str
    queues: tuple[str, ...]
    folder: str
    """The mark of its folder of results; empty where it has not told yet."""
    offers: Mapping[str, Offer]
    """By process id, and by id with version."""


@dataclass(frozen=True, slots=True)
class Survey:
    info: Mapping[str, Any]
    """What `INFO` says."""
    store: str
    """The id of the store; empty where neither API nor worker has ever come to it."""
    ahead: float
    """Seconds by which its clock is ahead of this machine's."""
    workers: tuple[Worker, ...]
    waiting: Mapping[str, int]
    """Jobs that wait, by queue."""


def survey(url: str, queues: Iterable[str], lease: int) -> Survey:
    """Of these queues and all that jobs were ever in; `lease` in milliseconds. May raise one of `STORE_ERRORS`."""
    with connect(url, seconds=SECONDS) as client:
        redis: Any = client
        info = redis.info()
        before = time.time()
        seconds, microseconds = redis.time()
        now, middle = seconds + microseconds / 1e6, (before + time.time()) / 2
        names = sorted({*queues, *(queue.decode() for queue in redis.smembers("fp:queues"))})
        live = {name: redis.zrangebyscore(f"fp:workers:{name}", now * 1000 - lease, "+inf") for name in names}
        owners = sorted({owner for of_queue in live.values() for owner in of_queue})
        return Survey(
            info=info,
            store=(redis.get("fp:store") or b"").decode(),
            ahead=now - middle,
            workers=tuple(
                Worker(
                    owner.decode(),
                    tuple(name for name in names if owner in live[name]),
                    (redis.hget("fp:folders", owner) or b"").decode(errors="replace"),
                    _offers(redis, owner),
                )
                for owner in owners
            ),
            waiting={name: redis.zcard(f"fp:waiting:{name}") for name in names},
        )


def _offers(redis: Any, owner: bytes) -> dict[str, Offer]:
    registry = redis.hget("fp:registries", owner) or b""
    stored = redis.hgetall(f"fp:registry:{registry.decode()}")
    return {process.decode(): Offer(*offer.decode().rsplit(" ", 1)) for process, offer in stored.items()}
