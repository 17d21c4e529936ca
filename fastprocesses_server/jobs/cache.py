"""The result cache: the manifest of an execution's outputs under the execution's key, for a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..execution.outputs import StoredOutput, read_manifest, write_manifest
from .results import ResultStore

if TYPE_CHECKING:
    import redis
    import redis.asyncio


def _name(key: str) -> str:
    return f"fp:cache:{key}"


def put(
    client: "redis.Redis",
    results: ResultStore,
    outputs: Sequence[StoredOutput],
    *,
    key: str,
    owner: str,
    seconds: float,
) -> None:
    """Cached outputs have files of their own, so that the job may be removed; `owner` tells equal runs apart."""
    own = results.link(outputs, Path("cache") / key / owner)
    client.set(_name(key), write_manifest(own), px=round(seconds * 1000))


async def get(client: "redis.asyncio.Redis", results: ResultStore, key: str) -> dict[str, StoredOutput] | None:
    """The outputs by name; None where they are not, or no longer, all there."""
    manifest: Any = await client.get(_name(key))
    if manifest is None:
        return None
    outputs = read_manifest(manifest)
    return outputs if results.holds(outputs.values()) else None
