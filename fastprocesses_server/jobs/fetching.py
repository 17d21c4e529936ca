"""References of a request, before it is accepted: small JSON is fetched, own outputs are found in the store."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import orjson

from ..errors import Complaint
from ..execution.guard import guard_references
from ..execution.outputs import StoredOutput, read_manifest
from ..execution.references import FetchedValue, OwnOutput, Reference, Room, Unreachable, resolve
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
    """Looks what references lead to, with a client that asks only where it may.

    It is made for the first that leads elsewhere; most servers see none.
    """

    def __init__(self, store: JobStore, results: ResultStore, settings: Settings) -> None:
        self.store = store
        self.results = results
        self.settings = settings
        self._client: httpx.AsyncClient | None = None
        self._making = asyncio.Lock()

    async def resolve(
        self, hrefs: Iterable[tuple[str, str]], own: OwnAddress, shows: Shows
    ) -> tuple[dict[str, Reference], list[Complaint]]:
        """What each URL leads to, and what is wrong with it, by its place in the request."""
        room = Room()

        async def look(href: str) -> Reference:
            address = own(href)
            return await self._own(*address, shows, room) if address else await self._peek(href, room)

        return await resolve(list(hrefs), look)

    async def aclose(self) -> None:
        if self._client:
            await self._client.aclose()

    async def _peek(self, href: str, room: Room) -> Reference:
        client = await self._made()
        from ..execution.content import peek  # noqa: PLC0415 - needs the libraries of the client

        return await peek(client, href, room)

    async def _made(self) -> "httpx.AsyncClient":
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(self._make_client)
            return self._client

    def _make_client(self) -> "httpx.AsyncClient":
        from ..execution.outgoing import create_client  # noqa: PLC0415 - its libraries take 7 MB

        return create_client(guard_references(self.settings), self.settings)

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
