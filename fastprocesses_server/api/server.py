"""uvicorn, as the command line starts it."""

import signal
import sys
from types import FrameType

import uvicorn
from loguru import logger

from ..processes.registry import Registry
from ..settings import Settings
from .app import create_app
from .openapi_defaults import departures


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        for server in self.servers:
            for socket in server.sockets:
                host, port = socket.getsockname()[:2]
                logger.info("API ready at http://{}:{}", host, port)


def run_server(settings: Settings, registry: Registry) -> None:
    """Until it is told to stop."""
    for line in departures(settings):
        logger.warning(line)
    configuration = uvicorn.Config(
        create_app(settings, registry),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises it again once it has stopped
    _Server(configuration).run()


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
