"""uvicorn, as the command line starts it."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FrameType

import uvicorn
from loguru import logger

from ...jobs.folder import check_folder
from ...jobs.reloads import ask_all, first_number
from ...processes.registry import Registry
from ...settings import Settings
from ...traces import end_traces, start_traces
from ..app import create_app
from ..exposures import exposures
from ..middleware.ending import Ending
from ..openapi.defaults import departures
from .connections import LIMITS, most_connections, protocol_with
from .listening import Address, bound, hide, inherited, name_of
from .reloading import Reload

DRAIN_SECONDS = 1.0
"""For which clients that keep a connection may go on to use it, once: its next answer tells them to make another."""

POLL_SECONDS = 0.05


class _Server(uvicorn.Server):
    """Says where it listens once it does, and tells those whose answers take long of its end.

    `shares` says whether other processes listen on the same sockets.
    """

    def __init__(self, configuration: uvicorn.Config, ending: Ending, *, shares: bool) -> None:
        super().__init__(configuration)
        self.ending = ending
        self.shares = shares

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            logger.info("API ready at {}", name_of(listener))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever connects from now on reaches another process that has inherited the sockets, or nobody.

        Those who wait to be let in would be sent away with a socket that is closed; one with a path is hidden instead.
        """
        self.ending.begin()
        if self.shares or not all(hide(listener) for listener in sockets or ()):
            for server in self.servers:
                server.close()
        end = time.monotonic() + DRAIN_SECONDS
        await asyncio.sleep(POLL_SECONDS)
        while self.server_state.connections and time.monotonic() < end and not self.force_exit:  # noqa: ASYNC110 - uvicorn sets no event
            await asyncio.sleep(POLL_SECONDS)
        await super().shutdown(sockets)


def run_server(settings: Settings, load: Callable[[], Registry], descriptors: Sequence[int] = ()) -> None:
    """Until it is told to stop; at SIGHUP it loads again.

    `descriptors` are of sockets that it has inherited, in place of those that the settings say.
    """
    if descriptors:
        _run(settings, load, inherited(descriptors), shares=True)
        return
    with bound(Address(settings.host, settings.port, settings.unix_socket)) as sockets:
        _run(settings, load, sockets, shares=False)


def _run(settings: Settings, load: Callable[[], Registry], sockets: list[socket.socket], *, shares: bool) -> None:
    url = settings.broker_url.get_secret_value()
    reload = Reload(load, first_number(url), lambda: ask_all(url))
    registry = load()
    check_folder(settings.results_folder)
    for line in (*departures(settings), *exposures(settings, registry)):
        logger.warning(line)
    signal.signal(signal.SIGHUP, lambda *_: reload.asked.set())
    start_traces(settings)
    app = create_app(settings, registry, reload)
    configuration = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=settings.api_grace_seconds,  # type: ignore[arg-type] # a float does as well
        http=protocol_with(replace(LIMITS, connections=most_connections())),
        ws="none",
    )
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises it again once it has stopped
    try:
        _Server(configuration, app.state.services.ending, shares=shares).run(sockets)
    finally:
        end_traces()


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
