"""`/metrics`, for Prometheus: any API process answers for all processes of the server."""

import asyncio
from collections.abc import Collection

from fastapi import APIRouter, Request, Response

from ..errors import Forbidden, Unauthorized
from ..jobs.connection import STORE_ERRORS
from ..jobs.counts import Measures
from ..processes.versions import base_id
from ..settings import Settings
from .callers.caller import ADMIN, Caller
from .callers.credentials import shows_metrics_token
from .exposition import Family, media_type_for, write
from .metric_families import about, of_store
from .services import Services, services_of

router = APIRouter()

ROLE = "metrics"
"""Of callers that may read them."""

SECONDS = 2
"""That the store may take."""


@router.api_route("/metrics", methods=["GET", "HEAD"])
async def metrics(request: Request) -> Response:
    """Whether or not the store answers. In the text format, or that of OpenMetrics for those who ask for it."""
    services = services_of(request)
    caller: Caller | None = getattr(request.state, "caller", None)
    check_access(services.settings, caller, request.headers.get("authorization", ""))
    measures = await _measure(services)
    processes = {base_id(process_id) for process_id in services.whole}
    families = [*about(is_up=measures is not None, is_fit=not services.store.faults)]
    media_type = media_type_for(request.headers.get("accept", ""))
    body = await asyncio.to_thread(_write, families, measures, sorted(processes), media_type)
    return Response(body, headers={"Content-Type": media_type, "Cache-Control": "no-store", "Vary": "Accept"})


def check_access(settings: Settings, caller: Caller | None, authorization: str) -> None:
    """`caller`: None where nobody has to say who they are.

    Raises:
        Unauthorized: nobody is known, by token or by name.
        Forbidden: somebody is, who has not the role.
    """
    is_open = caller is None and settings.metrics_token is None
    if is_open or shows_metrics_token(authorization, settings):
        return
    if caller is None or not caller.name:
        raise Unauthorized(
            f"Metrics are for those who send the token of FP_METRICS_TOKEN, or have the role {ROLE} or {ADMIN}."
        )
    if ROLE not in caller.roles and ADMIN not in caller.roles:
        raise Forbidden(f"Metrics are for those who have the role {ROLE} or {ADMIN}.")


async def _measure(services: Services) -> Measures | None:
    """What this process has counted is told first; None where the store is away."""
    try:
        async with asyncio.timeout(SECONDS):
            await services.store.tell()
            return await services.store.measure(services.whole.queues)
    except (*STORE_ERRORS, TimeoutError):
        return None


def _write(families: list[Family], measures: Measures | None, processes: Collection[str], media_type: str) -> bytes:
    return write([*families, *(of_store(measures, processes) if measures else ())], media_type)
