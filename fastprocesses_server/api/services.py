"""What the routes share: one of each per API process, but for what a reload replaces."""

from dataclasses import dataclass, field, replace

from fastapi import Request

from ..errors import NoSuchProcess, echo
from ..execution.guard import Guard
from ..execution.request import RequestReader, ResponseType
from ..jobs.engine import Engine
from ..jobs.fetching import Fetcher
from ..jobs.folder import OwnFolder
from ..jobs.offers import Offers
from ..jobs.results import ResultStore
from ..jobs.store import JobStore
from ..links import Urls
from ..processes.description import Process
from ..processes.registry import Registry
from ..processes.suggestion import suggest
from ..settings import Settings
from .base_url import urls_for
from .callers.access import Views, refusal
from .callers.caller import NOBODY, Caller, caller_of
from .documents import KeptDocuments, Shelf
from .followers import Followers
from .middleware.ending import Ending

SEEN = "fastprocesses_server.services"
"""Their name in the scope of a request."""


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    registry: Registry
    """What the caller may use."""
    store: JobStore
    engine: Engine
    results: ResultStore
    fetcher: Fetcher
    callbacks: Guard
    offers: Offers
    folder: OwnFolder
    ending: Ending
    views: Views
    caller: Caller = NOBODY
    followers: Followers = field(default_factory=Followers)
    faults: tuple[str, ...] = ()
    """What is wrong with newer description files, for which the registry was not given up."""
    readers: dict[str, RequestReader] = field(default_factory=dict)
    documents: Shelf = field(default_factory=lambda: Shelf(KeptDocuments()))

    @property
    def whole(self) -> Registry:
        """Whoever may use what is in it."""
        return self.views.registry

    def process(self, process_id: str) -> Process:
        process = self.registry.get(process_id)
        if process is None and (hidden := self.whole.get(process_id)):
            raise refusal(hidden, self.caller, self.settings)
        if process is None:
            raise NoSuchProcess(f"There is no process {echo(process_id)}{suggest(process_id, self.registry)}")
        return process

    def with_registry(self, registry: Registry) -> "Services":
        views, documents = Views(registry, self.settings), Shelf(KeptDocuments())
        return replace(self, registry=registry, views=views, faults=(), readers={}, documents=documents)

    def seen_by(self, caller: Caller) -> "Services":
        registry, documents = self.views.of(caller), self.documents.part(self.views.key(caller))
        return replace(self, registry=registry, documents=documents, caller=caller)

    def with_faults(self, faults: tuple[str, ...]) -> "Services":
        return replace(self, faults=faults)

    def reader(self, process: Process) -> RequestReader:
        """Made at the first request: a start with a thousand processes compiles no schema."""
        if process.id not in self.readers:
            self.readers[process.id] = RequestReader(process, ResponseType(self.settings.default_response))
        return self.readers[process.id]


def services_of(request: Request) -> Services:
    """The same throughout a request, whatever is taken over meanwhile."""
    seen: Services | None = request.scope.get(SEEN)
    if seen is None:
        services: Services = request.app.state.services
        seen = services if services.views.is_for_all else services.seen_by(caller_of(request))
        request.scope[SEEN] = seen
    return seen


def urls_of(request: Request) -> Urls:
    return urls_for(request, services_of(request).settings)
