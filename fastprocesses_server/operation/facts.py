"""The facts that `doctor` judges, as they are on this machine now: the one place where it looks. It changes nothing."""

import json
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..api.exposures import open_ways
from ..api.serving.listening import Address, bound
from ..errors import StartError
from ..jobs.connection import STORE_ERRORS, trouble
from ..jobs.folder import MARKER
from ..jobs.lifetimes import lease
from ..jobs.results import PARTS
from ..jobs.survey import Survey, survey
from ..processes.complaints import DescriptionErrors
from ..processes.registry import Registry, load_registry
from ..settings import Settings
from ..standalone.address import READY_PATH, NoHttp, ask, url_of
from ..standalone.valkey import running_url
from .findings import (
    Finding,
    Folder,
    Level,
    Listening,
    Met,
    of_address,
    of_clock,
    of_exposure,
    of_folder,
    of_rights,
    of_settings,
    of_store,
    of_ways,
    of_workers,
)

LIVE_PATH = "/health/live"
SECRET_FILES = (".env",)


def find(settings: Settings, given: dict[str, tuple[str, str]], unknown: Sequence[str]) -> Iterator[Finding]:
    """Everything, in the order in which one thing needs another."""
    yield from of_settings(given, unknown)
    yield from of_ways(open_ways(settings))
    registry, wrong = _registry(settings)
    yield from wrong
    sight: Survey | None = None
    try:
        sight = survey(redis_url(settings), registry.queues if registry else (), lease(settings))
    except STORE_ERRORS as error:
        remedy = "start it, or correct FP_REDIS_URL or FP_BROKER_HOST; for `dev`, run this in its folder"
        yield Finding(Level.FAULT, "redis", f"the Redis of the jobs {trouble(error)}", remedy)
    if sight:
        yield from of_store(sight.info)
        yield of_clock(sight.ahead)
        yield from of_workers(registry.all_versions if registry else (), sight)
    yield from of_folder(_folder(settings.results_folder), [worker.folder for worker in sight.workers] if sight else [])
    yield from of_address(_meet(Address(settings.host, settings.port, settings.unix_socket)))
    yield from of_exposure(settings.host, is_public=settings.is_public, asks_who=settings.asks_who)
    yield from of_rights(*_rights(settings))


def redis_url(settings: Settings) -> str:
    """Of the jobs: that of `dev` where one runs here and the settings name none."""
    embedded = None if settings.names_a_redis else running_url(settings.state_dir)
    return embedded or settings.broker_url.get_secret_value()


def _registry(settings: Settings) -> tuple[Registry | None, list[Finding]]:
    try:
        registry = load_registry(
            settings.processes_dir, allowed_modules=settings.allowed_modules, missing_packages="warning"
        )
    except DescriptionErrors as error:
        text = f"{len(error.complaints)} things are wrong with the description files"
        return None, [Finding(Level.FAULT, "processes", text, "run fastprocesses-server check")]
    except StartError as error:
        return None, [Finding(Level.FAULT, "processes", str(error))]
    found = [Finding(Level.OK, "processes", f"{registry.size} in {settings.processes_dir}")]
    return registry, found + [Finding(Level.WARNING, "processes", warning) for warning in registry.warnings]


def _folder(path: Path) -> Folder:
    mark = ""
    with suppress(OSError):
        mark = (path / MARKER).read_text(errors="replace")
    places = [path, *(path / part for part in PARTS if (path / part).exists())]
    is_writable = all(os.access(place, os.W_OK | os.X_OK) for place in places)
    if not path.is_dir():
        return Folder(str(path), exists=False, is_writable=False, mark="", free=0, total=0)
    disk = shutil.disk_usage(path)
    return Folder(str(path), exists=True, is_writable=is_writable, mark=mark, free=disk.free, total=disk.total)


def _meet(address: Address) -> Met:
    where = url_of(address)
    try:
        is_ours = _answer(address, LIVE_PATH).get("status") == "live"
    except (NoHttp, ValueError, TimeoutError):
        is_ours = False
    except OSError:
        return _unheard(address, where)
    if not is_ours:
        return Met(Listening.ANOTHER, where)
    readiness: Any = {}
    with suppress(OSError, NoHttp, ValueError):
        readiness = _answer(address, READY_PATH)
    reasons, warnings = readiness.get("reasons", ()), readiness.get("warnings", ())
    return Met(Listening.OURS, where, reasons=tuple(reasons), warnings=tuple(warnings))


def _answer(address: Address, path: str) -> dict[str, Any]:
    document = json.loads(ask(address, path)[1])
    return document if isinstance(document, dict) else {}


def _unheard(address: Address, where: str) -> Met:
    try:
        with bound(address):
            return Met(Listening.NOBODY, where)
    except StartError as error:
        return Met(Listening.IMPOSSIBLE, where, str(error))


def _rights(settings: Settings) -> tuple[list[str], list[str]]:
    """What everybody may write, of what the server reads; and what everybody may read, of what holds secrets."""
    files = [Path(name) for name in SECRET_FILES]
    code = (settings.processes_dir, *settings.processes_dir.rglob("*"))
    known = [path for path in (*code, *files) if path.exists() and "__pycache__" not in path.parts]
    writable = [str(path) for path in known if path.stat().st_mode & stat.S_IWOTH]
    return writable, [str(path) for path in files if path.exists() and path.stat().st_mode & stat.S_IROTH]
