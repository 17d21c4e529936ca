"""What the routes share: one of each per API process, but for what a reload replaces."""

from dataclasses import dataclass, field, replace

from fastapi import Request

from ..errors import NoSuchProcess
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
from .documents import KeptDocuments
from .ending import Ending


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    registry: Registry
    store: JobStore
    engine: Engine
    results: ResultStore
    fetcher: Fetcher
    callbacks: Guard
    offers: Offers
    folder: OwnFolder
    ending: Ending
    faults: tuple[str, ...] = ()
    """What is wrong with newer description files, for which the registry was not given up."""
    readers: dict[str, RequestReader] = field(default_factory=dict)
    documents: KeptDocuments = field(default_factory=KeptDocuments)

    def process(self, process_id: str) -> Process:
        process = self.registry.get(process_id)
        if process is None:
            raise NoSuchProcess(f"There is no process {process_id}{suggest(process_id, self.registry)}")
        return process

    def with_registry(self, registry: Registry) -> "Services":
        return replace(self, registry=registry, faults=(), readers={}, documents=KeptDocuments())

    def with_faults(self, faults: tuple[str, ...]) -> "Services":
        return replace(self, faults=faults)

    def reader(self, process: Process) -> RequestReader:
        """Made at the first request: a start with a thousand processes compiles no schema."""
        if process.id not in self.readers:
            self.readers[process.id] = RequestReader(process, ResponseType(self.settings.default_response))
        return self.readers[process.id]


def services_of(request: Request) -> Services:
    """The same throughout a request, whatever is taken over meanwhile."""
    if not hasattr(request.state, "services"):
        request.state.services = request.app.state.services
    services: Services = request.state.services
    return services


def urls_of(request: Request) -> Urls:
    return urls_for(request, services_of(request).settings)
