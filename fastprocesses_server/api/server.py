"""uvicorn, as the command line starts it."""

import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import uvicorn
from loguru import logger

from ..jobs.folder import check_folder
from ..jobs.reloads import ask_all, first_number
from ..processes.registry import Registry
from ..settings import Settings
from .access import exposures
from .app import create_app
from .connections import LIMITS, most_connections, protocol_with
from .ending import Ending
from .openapi_defaults import departures
from .reloading import Reload


class _Server(uvicorn.Server):
    """Says where it listens once it does, and tells those whose answers take long of its end."""

    def __init__(self, configuration: uvicorn.Config, ending: Ending) -> None:
        super().__init__(configuration)
        self.ending = ending

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        for server in self.servers:
            for socket in server.sockets:
                host, port = socket.getsockname()[:2]
                logger.info("API ready at http://{}:{}", host, port)

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        self.ending.begin()
        await super().shutdown(sockets)  # type: ignore[arg-type]


def run_server(settings: Settings, load: Callable[[], Registry]) -> None:
    """Until it is told to stop; at SIGHUP it loads again."""
    url = settings.broker_url.get_secret_value()
    reload = Reload(load, first_number(url), lambda: ask_all(url))
    registry = load()
    check_folder(settings.results_folder)
    for line in (*departures(settings), *exposures(settings, registry)):
        logger.warning(line)
    signal.signal(signal.SIGHUP, lambda *_: reload.asked.set())
    app = create_app(settings, registry, reload)
    configuration = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        http=protocol_with(replace(LIMITS, connections=most_connections())),
        ws="none",
    )
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises it again once it has stopped
    _Server(configuration, app.state.services.ending).run()


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
