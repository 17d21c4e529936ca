"""The API as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from loguru import logger
from starlette.types import ASGIApp

from ..execution.guard import guard_callbacks
from ..jobs.api_keys import KeysInFile
from ..jobs.connection import STORE_ERRORS, connect_async
from ..jobs.counts import TELL_SECONDS, Tally
from ..jobs.engine import Engine
from ..jobs.fetching import Fetcher
from ..jobs.folder import OwnFolder
from ..jobs.gathering import connect_gathering
from ..jobs.key_ring import KeyRing, Sessions
from ..jobs.offers import Offers
from ..jobs.rates import Rates
from ..jobs.reloads import number_async
from ..jobs.replies import SECONDS, Replies
from ..jobs.results import ResultStore
from ..jobs.store import JobStore
from ..jobs.transitions import BEAT_SECONDS
from ..processes.registry import Registry
from ..settings import Settings
from ..trail import REQUEST_ID
from . import (
    assets,
    definition,
    execution,
    health,
    job_events,
    job_list,
    job_logs,
    job_results,
    jobs,
    landing_page,
    metrics,
    processes,
    schemas,
)
from .callers import login, refusals
from .callers.access import Views
from .callers.authentication import Authentication
from .callers.credentials import Credentials
from .callers.refusals import Refusals
from .middleware.cross_origin import CrossOrigin
from .middleware.ending import Ending, LastAnswers
from .middleware.host_check import HostCheck
from .middleware.origins import OriginCheck, allowed_origins
from .middleware.rate_limit import RateLimit
from .middleware.request_counts import CountRequests
from .middleware.safeguards import Safeguards
from .middleware.slow_bodies import SlowBodies
from .middleware.trails import FollowRequests
from .problems import AnswerToAll, add_problem_handlers
from .services import Services
from .serving.reloading import Reload, keep_up, watch

if TYPE_CHECKING:
    from .callers.tokens import Tokens

ROUTES = (
    processes,
    jobs,
    execution,
    job_results,
    job_list,
    job_events,
    job_logs,
    landing_page,
    definition,
    schemas,
    assets,
    health,
)
"""The busiest first: a request is compared with one after the other."""
CANCEL_SECONDS = 0.5
EXPOSED = [
    "Cache-Status",
    "ETag",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    REQUEST_ID,
]
TAKEN = [
    "Authorization",
    "Cache-Control",
    "Content-Type",
    "Idempotency-Key",
    "Last-Event-ID",
    "Prefer",
    "X-API-Key",
    "traceparent",
    "tracestate",
    REQUEST_ID,
]

NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""Of FastAPI, which would tell queries and the texts of exceptions. Earlier releases know nothing of it."""


async def end(task: "asyncio.Task[None]") -> None:
    """Cancel it until it ends: a library that waits with a time limit may take a cancellation for that, and go on."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_SECONDS)


def create_app(settings: Settings, registry: Registry, reload: Reload | None = None) -> FastAPI:
    """The routes of the standard over one registry, which a reload may replace.

    Redis is first asked when the application starts.
    """
    redis = connect_gathering(settings.broker_url.get_secret_value())
    listener = connect_async(settings.broker_url.get_secret_value(), seconds=2 * SECONDS, connections=1)
    cache = connect_gathering(settings.result_cache_url.get_secret_value())
    store, replies, results = JobStore(redis, settings), Replies(listener), ResultStore(settings.results_folder)
    engine = Engine(settings, store, replies, cache, results)
    fetcher, callbacks = Fetcher(store, results, settings), guard_callbacks(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        background = [replies.listen(), _reap(store), _tell(store)]
        if reload:
            background.append(keep_up(app, partial(number_async, redis), reload))
        if reload and settings.reload:
            background.append(watch(settings.processes_dir, reload))
        tasks = [asyncio.create_task(work) for work in background]
        yield
        for task in tasks:
            await end(task)
        with suppress(*STORE_ERRORS):
            await store.tell()
        for client in (redis, listener, cache, fetcher):
            await client.aclose()

    app = FastAPI(
        title=settings.api_title, openapi_url=None, lifespan=lifespan, redirect_slashes=False, telemetry=NO_TELEMETRY
    )
    offers, folder = Offers(redis, settings), OwnFolder(settings.results_folder)
    ending = Ending()
    views = Views(registry, settings)
    app.state.services = Services(
        settings, registry, store, engine, results, fetcher, callbacks, offers, folder, ending, views
    )
    for module in (*ROUTES, metrics) if settings.metrics else ROUTES:
        app.router.routes.extend(module.router.routes)  # an included router is searched anew for each request
    add_problem_handlers(app)
    _add_middleware(app, settings, redis, ending, store.tally)
    return app


def _add_middleware(app: FastAPI, settings: Settings, redis: Any, ending: Ending, tally: Tally) -> None:
    """The innermost first."""
    rate = settings.rate_limit
    limited = partial(RateLimit, settings=settings, rates=Rates(redis, rate)) if rate else _unlimited
    if settings.asks_who:
        _ask_callers(app, settings, redis, limited)
    else:
        app.add_middleware(limited)
    app.add_middleware(SlowBodies)
    app.add_middleware(OriginCheck, settings=settings)
    app.add_middleware(AnswerToAll)
    origins = allowed_origins(settings)
    app.add_middleware(
        CrossOrigin,
        allow_origins=origins.names,
        allow_origin_regex=origins.pattern,
        allow_methods=["GET", "HEAD", "POST", "DELETE"],
        allow_headers=TAKEN,
        expose_headers=EXPOSED,
    )
    app.add_middleware(HostCheck, settings=settings)
    app.add_middleware(Safeguards, settings=settings)
    app.add_middleware(LastAnswers, ending=ending)
    app.add_middleware(CountRequests, tally=tally)
    app.add_middleware(FollowRequests)


def _unlimited(app: ASGIApp) -> ASGIApp:
    return app


def _ask_callers(app: FastAPI, settings: Settings, redis: Any, limited: Callable[[ASGIApp], ASGIApp]) -> None:
    """Who they are; and let browsers log in."""
    file = KeysInFile(settings.api_keys_file) if settings.api_keys_file else None
    tokens = _tokens(settings) if settings.takes_tokens else None
    app.state.credentials = Credentials(settings, KeyRing(redis, file), Sessions(redis), tokens)
    app.state.refusals = Refusals(settings, Rates(redis, refusals.MOST))
    app.include_router(login.router)
    found = {"credentials": app.state.credentials, "refusals": app.state.refusals}
    app.add_middleware(Authentication, settings=settings, limited=limited, **found)


def _tokens(settings: Settings) -> "Tokens":
    from .callers.tokens import PublishedKeys, Tokens, fetch_from  # noqa: PLC0415 - its library takes 11 MB

    return Tokens(settings, PublishedKeys(fetch_from(settings)))


async def _reap(store: JobStore) -> None:
    """The API looks for lost jobs too: it works with no worker alive. And it judges the store."""
    while True:
        try:
            await store.judge()
            for job_id, status in await store.reap():
                logger.warning("job {job_id} {}: its worker was lost", status, job_id=job_id)
        except STORE_ERRORS as error:
            logger.debug("the reaper waits for Redis: {}", error)
        except Exception:  # noqa: BLE001 - without it, nobody would notice that it has ended
            logger.exception("a fault, after which the reaper goes on")
        await asyncio.sleep(BEAT_SECONDS)


async def _tell(store: JobStore) -> None:
    """What this process has counted, so that another may answer for it."""
    while True:
        await asyncio.sleep(TELL_SECONDS)
        try:
            await store.tell()
        except STORE_ERRORS as error:
            logger.debug("what was counted waits for Redis: {}", error)
