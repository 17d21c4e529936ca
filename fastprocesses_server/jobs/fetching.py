"""References of a request, before it is accepted: small JSON is fetched, own outputs are found in the store."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import orjson

from ..errors import Complaint
from ..execution.outgoing import create_client, guard_references
from ..execution.outputs import StoredOutput, read_manifest
from ..execution.references import FetchedValue, OwnOutput, Reference, Room, Unreachable, peek, resolve
from ..settings import Settings
from .results import ResultStore
from .store import JobStore

if TYPE_CHECKING:
    import httpx

OwnAddress = Callable[[str], tuple[str, str] | None]
"""Job and output that a URL of this server leads to."""

Shows = Callable[[str], bool]
"""Whether a caller sees the jobs of a maker."""


class Fetcher:
    """Looks what references lead to. `client` asks only where it may."""

    def __init__(self, store: JobStore, results: ResultStore, settings: Settings) -> None:
        self.store = store
        self.results = results
        self.client: httpx.AsyncClient = create_client(guard_references(settings), settings)

    async def resolve(
        self, hrefs: Iterable[tuple[str, str]], own: OwnAddress, shows: Shows
    ) -> tuple[dict[str, Reference], list[Complaint]]:
        """What each URL leads to, and what is wrong with it, by its place in the request."""
        room = Room()

        async def look(href: str) -> Reference:
            address = own(href)
            return await self._own(*address, shows, room) if address else await peek(self.client, href, room)

        return await resolve(list(hrefs), look)

    async def _own(self, job_id: str, name: str, shows: Shows, room: Room) -> Reference:
        manifest, maker = await self.store.manifest_and_maker(job_id)
        output = read_manifest(manifest).get(name) if manifest and shows(maker) else None
        if output is None:
            raise Unreachable("there is no such output, or it has expired")
        if output.kind != "json" or not room.take(output.size):
            return OwnOutput(job_id, name)
        body = await asyncio.to_thread(self._body, output)
        return FetchedValue(orjson.loads(body), output.media_type)

    def _body(self, output: StoredOutput) -> bytes:
        return output.body if output.body is not None else (self.results.folder / str(output.file)).read_bytes()
