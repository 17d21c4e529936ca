"""`/health/live` and `/health/ready`, for those who run the server."""

import asyncio

from fastapi import APIRouter, Request, Response

from ..jobs.connection import STORE_ERRORS, trouble
from ..jobs.offers import strangers, unoffered, unserved
from .callers.caller import caller_of
from .documents import json_response
from .services import services_of

router = APIRouter(prefix="/health")

SECONDS = 1
"""That readiness may take."""


@router.api_route("/live", methods=["GET", "HEAD"])
async def live(_: Request) -> Response:
    """The process answers; nothing else is touched."""
    return json_response({"status": "live"})


@router.api_route("/ready", methods=["GET", "HEAD"])
async def ready(request: Request) -> Response:
    """Redis takes what is written and is fit, each queue has a live worker, and all see one folder of results.

    A process that no worker has is a warning, and so is what is wrong with newer description files: the server
    goes on with those that it has. Where the server asks who calls, nobody else is told of them.
    """
    services = services_of(request)
    registry = services.whole
    try:
        async with asyncio.timeout(SECONDS):
            if wrong := await services.store.judge():
                return _not_ready([f"the job store is unfit: {what}" for what in wrong])
            offers = await services.offers.of(registry.queues)
            folders = await services.offers.folders(registry.queues)
            own = await services.folder.look(await services.store.identify())
    except (*STORE_ERRORS, TimeoutError) as error:
        return _not_ready([f"the job store {trouble(error)}"])
    idle = [f"no worker serves the queue {name}" for name in unserved(offers)]
    if reasons := [*idle, *strangers(own, folders)]:
        return _not_ready(reasons)
    warnings = [f"the description files are not taken over: {fault}" for fault in services.faults]
    warnings += [f"no worker has {process}; its jobs wait for one" for process in unoffered(registry, offers)]
    is_told = warnings and (caller_of(request).name or not services.settings.asks_who)
    return json_response({"status": "ready", **({"warnings": warnings} if is_told else {})})


def _not_ready(reasons: list[str]) -> Response:
    return json_response({"status": "not ready", "reasons": reasons}, status=503, headers={"Retry-After": "5"})
