"""`/health/live` and `/health/ready`, for those who run the server."""

import asyncio

from fastapi import APIRouter, Request, Response

from ..jobs.connection import STORE_ERRORS
from ..jobs.offers import unoffered, unserved
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
    """Redis answers and is fit, and each queue has a live worker.

    A process that none of them has is a warning, and so is what is wrong with newer description files: the server
    goes on with those that it has.
    """
    services = services_of(request)
    registry = services.registry
    try:
        async with asyncio.timeout(SECONDS):
            if wrong := await services.store.faults():
                return _not_ready([f"the job store is unfit: {what}" for what in wrong])
            offers = await services.offers.of(registry.queues)
    except (*STORE_ERRORS, TimeoutError):
        return _not_ready(["the job store is away"])
    if reasons := [f"no worker serves the queue {name}" for name in unserved(offers)]:
        return _not_ready(reasons)
    warnings = [f"the description files are not taken over: {fault}" for fault in services.faults]
    warnings += [f"no worker has {process}; its jobs wait for one" for process in unoffered(registry, offers)]
    return json_response({"status": "ready", **({"warnings": warnings} if warnings else {})})


def _not_ready(reasons: list[str]) -> Response:
    return json_response({"status": "not ready", "reasons": reasons}, status=503, headers={"Retry-After": "5"})
