"""Reloading: the description files are read again, and what is right is served from then on."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from loguru import logger

from ...errors import StartError
from ...jobs.reloads import LOOK_SECONDS
from ...processes.changes import changes
from ...processes.complaints import DescriptionErrors
from ...processes.registry import Registry

MOST_FAULTS = 20
"""That are told to clients; the log has all."""


@dataclass(frozen=True, slots=True)
class Reload:
    """How the files are read, and who may ask for it."""

    load: Callable[[], Registry]
    number: int
    """Of the reloads, before they were read first."""
    ask_all: Callable[[], None]
    """Raises StartError where nobody can be asked."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set by a signal: this process alone is to look."""


async def keep_up(app: FastAPI, number: Callable[[int], Awaitable[int]], reload: Reload) -> None:
    """`number` reads that of the reloads; it takes the known one, for when Redis is away.

    Requests under way keep what they began with; a registry that is wrong changes nothing but the faults shown.
    """
    known = reload.number
    while True:
        now = await number(known)
        if now != known or reload.asked.is_set():
            known = now
            reload.asked.clear()
            with logger.catch(level="CRITICAL"):
                await _look_again(app, reload.load)
        await asyncio.sleep(LOOK_SECONDS)


async def _look_again(app: FastAPI, load: Callable[[], Registry]) -> None:
    services = app.state.services
    try:
        registry = await _in_thread(load)
    except (StartError, OSError) as error:
        app.state.services = services.with_faults(_faults(error))
        logger.error("the description files are wrong; those that were read before are served on")
        for line in str(error).splitlines():
            logger.error(line)
    else:
        app.state.services = services.with_registry(registry)
        logger.info("the description files are taken over: {}", registry.size)


def _faults(error: Exception) -> tuple[str, ...]:
    """Without source lines and tracebacks: these are for the log."""
    if not isinstance(error, DescriptionErrors):
        return (str(error),)
    lines = [f"{c.file}:{c.line}:{c.column}: {c.what}" for c in error.complaints]
    more = len(lines) - MOST_FAULTS
    return (*lines[:MOST_FAULTS], *([f"and {more} more"] if more > 0 else []))


async def _in_thread(load: Callable[[], Registry]) -> Registry:
    """A thread that nobody waits for at the end, as an import may take a minute."""
    outcome: Future[Registry] = Future()
    outcome.set_running_or_notify_cancel()

    def run() -> None:
        try:
            outcome.set_result(load())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
            outcome.set_exception(error)

    threading.Thread(target=run, name="reload", daemon=True).start()
    return await asyncio.wrap_future(outcome)


async def watch(folder: Path, reload: Reload) -> None:
    """Whoever saves a file asks all."""
    async for changed in changes(folder):
        logger.info("changed: {}", ", ".join(sorted(changed)))
        try:
            await asyncio.to_thread(reload.ask_all)
        except StartError as error:
            logger.error(error)
