"""The result cache: the manifest of an execution's outputs under the execution's key, for a time."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..execution.outputs import StoredOutput, read_manifest, write_manifest
from ..settings import Settings
from .connection import connect
from .results import ResultStore

if TYPE_CHECKING:
    import redis
    import redis.asyncio


LONGEST = 2**53
"""Milliseconds that Redis can add to the time."""


def _name(key: str) -> str:
    """The same as in `prelude.lua`."""
    return f"fp:cache:{key}"


@dataclass(frozen=True, slots=True)
class Entry:
    """The outputs of a run, as they are to be kept under the execution's key."""

    key: str
    manifest: bytes
    milliseconds: int


class Met:
    """The keys that a process has met of late: outputs of those are likely to be cached."""

    def __init__(self, most: int = 10_000) -> None:
        self.most = most
        self.keys: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self.keys

    def add(self, key: str) -> None:
        self.keys[key] = None
        self.keys.move_to_end(key)
        if len(self.keys) > self.most:
            self.keys.popitem(last=False)


class ResultCache:
    """As workers use it."""

    def __init__(self, settings: Settings, results: ResultStore) -> None:
        self.results = results
        self.client: redis.Redis | None = None
        """Where it is not beside the jobs."""
        if not settings.caches_beside_jobs:
            self.client = connect(settings.result_cache_url.get_secret_value())

    def put(self, outputs: Sequence[StoredOutput], *, key: str, owner: str, seconds: float) -> Entry | None:
        """The entry, where it is beside the jobs: it is written in the step that ends the job.

        Cached outputs have files of their own, so that the job may be removed; `owner` tells equal runs apart.
        May raise one of `STORE_ERRORS`, or OSError.
        """
        own = self.results.link(outputs, Path("cache") / key / owner)
        entry = Entry(key, write_manifest(own), min(max(round(seconds * 1000), 1), LONGEST))
        if self.client is None:
            return entry
        self.client.set(_name(key), entry.manifest, px=entry.milliseconds)
        return None


async def get(client: "redis.asyncio.Redis", results: ResultStore, key: str) -> dict[str, StoredOutput] | None:
    """The outputs by name; None where they are not, or no longer, all there."""
    manifest: Any = await client.get(_name(key))
    if manifest is None:
        return None
    return read_entry(manifest, results)


def read_entry(manifest: bytes, results: ResultStore) -> dict[str, StoredOutput] | None:
    outputs = read_manifest(manifest)
    return outputs if results.holds(outputs.values()) else None
