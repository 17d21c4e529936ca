"""What live workers offer: which queues they serve, which versions of processes they have, where they write results."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..processes.description import Process
from ..processes.registry import Registry
from ..processes.versions import VERSION_MARK, base_id, is_newer
from ..settings import Settings
from .folder import UNWRITABLE
from .lifetimes import lease

if TYPE_CHECKING:
    from redis.asyncio import Redis

Versions = Mapping[str, str]
"""Of processes, by id."""


class Offers:
    """As workers register them. Every method may raise one of `STORE_ERRORS`."""

    def __init__(self, redis: "Redis", settings: Settings) -> None:
        self.redis = redis
        self.lease = lease(settings)
        self.known: dict[str, Versions] = {}
        """By fingerprint of a registry, under which nothing ever changes."""

    async def of(self, queues: Iterable[str]) -> dict[str, list[Versions]]:
        """Of the workers of each queue that were heard of lately; workers with the same processes count as one."""
        return {queue: await self._of(owners) for queue, owners in (await self._live(queues)).items()}

    async def folders(self, queues: Iterable[str]) -> list[str]:
        """The mark of each live worker's folder of results; empty where it has not told yet."""
        owners: Any = list({owner for owners in (await self._live(queues)).values() for owner in owners})
        marks: Any = await self.redis.hmget("fp:folders", owners) if owners else []
        return [(mark or b"").decode() for mark in marks]

    async def _live(self, queues: Iterable[str]) -> dict[str, list[bytes]]:
        """The workers of each queue that were heard of lately."""
        seconds, _ = await self.redis.time()
        live: dict[str, Any] = {}
        for queue in queues:
            live[queue] = await self.redis.zrangebyscore(f"fp:workers:{queue}", seconds * 1000 - self.lease, "+inf")
        return live

    async def _of(self, owners: Any) -> list[Versions]:
        registries: Any = await self.redis.hmget("fp:registries", owners) if owners else []
        return [await self._versions(name.decode()) for name in {*registries} if name]

    async def _versions(self, registry: str) -> Versions:
        if registry not in self.known:
            offers: Any = await self.redis.hgetall(f"fp:registry:{registry}")
            if not offers:
                return {}
            self.known[registry] = {
                process.decode(): offer.decode().rpartition(" ")[0] for process, offer in offers.items()
            }
        return self.known[registry]


def strangers(own: str, folders: Sequence[str]) -> list[str]:
    """What is wrong with the folders of results that API and workers see, with its remedy."""
    found = []
    unwritable, total = folders.count(UNWRITABLE), len(folders)
    if own == UNWRITABLE:
        found.append("the API cannot write its folder of results, FP_RESULTS_DIR; its log says why")
    if unwritable:
        found.append(f"{unwritable} of {total} workers cannot write the folder of results, FP_RESULTS_DIR; see the log")
    if other := total - unwritable - folders.count(own) if own != UNWRITABLE else 0:
        remedy = "remedy: one shared volume that FP_RESULTS_DIR names for all"
        found.append(f"{other} of {total} workers do not see the folder of results that the API sees; {remedy}")
    return found


def unserved(offers: Mapping[str, list[Versions]]) -> list[str]:
    """Queues without a worker."""
    return [queue for queue, workers in offers.items() if not workers]


def unoffered(registry: Registry, offers: Mapping[str, list[Versions]]) -> list[str]:
    """Processes, with their versions, that none of the workers of their queue has, nor a newer one instead."""
    return [
        f"{process.id} {process.version}"
        for process in registry.all_versions
        if (workers := offers[process.run.queue]) and not any(_fits(versions, process) for versions in workers)
    ]


def _fits(offered: Versions, process: Process) -> bool:
    version = offered.get(process.id)
    return version is not None and (version == process.version or is_newer(version, process.version))


def offers_of(registry: Registry) -> dict[str, str]:
    """What a worker registers: version and fingerprint by id, and by id with version."""
    processes = {**registry, **{_pinned(process): process for process in registry.all_versions}}
    return {name: f"{process.version} {process.fingerprint}" for name, process in processes.items()}


def _pinned(process: Process) -> str:
    return f"{base_id(process.id)}{VERSION_MARK}{process.version}"
