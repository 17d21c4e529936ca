"""`/health/live` and `/health/ready`, for those who run the server."""

from fastapi import APIRouter, Request, Response

from ..jobs.connection import STORE_ERRORS
from .documents import json_response
from .services import services_of

router = APIRouter(prefix="/health")


@router.api_route("/live", methods=["GET", "HEAD"])
async def live(_: Request) -> Response:
    """The process answers; nothing else is touched."""
    return json_response({"status": "live"})


@router.api_route("/ready", methods=["GET", "HEAD"])
async def ready(request: Request) -> Response:
    """Redis answers, and a worker of each queue was heard of lately."""
    services = services_of(request)
    try:
        unserved = await services.store.unserved(services.registry.queues)
        reasons = [f"no worker serves the queue {name}" for name in unserved]
    except STORE_ERRORS:
        reasons = ["the job store is away"]
    if reasons:
        return json_response({"status": "not ready", "reasons": reasons}, status=503, headers={"Retry-After": "5"})
    return json_response({"status": "ready"})
