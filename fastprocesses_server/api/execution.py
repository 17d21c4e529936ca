"""`/processes/{processID}/execution`: read, run, answer."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from ..errors import TooLarge, UnsupportedMediaType, echo
from ..execution.idempotency import read_idempotency
from ..execution.media_type import is_json
from ..execution.mode import Mode, choose_mode
from ..execution.preference import read_preference, wants_fresh_outputs
from ..execution.request import Execution, parse
from ..execution.subscriber import read_subscriber
from ..jobs.engine import CacheUse, Finished, Submitted
from ..jobs.status_info import status_info
from ..processes.description import JobControlOption, Process
from .callers.caller import caller_of
from .callers.ownership import view_of
from .client import client_of
from .documents import json_response
from .job_results import presenter_for
from .plain_routes import plain_route
from .results import results_response
from .services import Services, services_of, urls_of

router = APIRouter()

LARGE_BODY = 256 * 1024
"""Bytes over which a body is read in a thread, so that others need not wait."""

CACHE_STATUS = {
    CacheUse.HIT: "hit",
    CacheUse.MISS: "fwd=miss",
    CacheUse.JOINED: "fwd=miss; collapsed",
    CacheUse.FORCED: "fwd=request",
}
"""RFC 9211"""

CLIENT_CLOSED_REQUEST = 499
"""For the log alone: nobody reads it."""


@plain_route(router, "/processes/{process_id}/execution", "POST")
async def execute(request: Request) -> Response:
    services = services_of(request)
    execution, mode = await _read(request, request.path_params["process_id"])
    if mode.is_async:
        return _created(request, await services.engine.submit(execution), mode)
    outcome = await _unless_client_leaves(request, services.engine.run(execution, mode.wait))
    if outcome is None:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    if isinstance(outcome, Submitted):
        return _created(request, outcome, mode)
    response = results_response(presenter_for(request, outcome.job_id).present(execution, outcome.outputs), request)
    _tell_of_sync_job(request, response, outcome, services)
    return _with_cache_status(_with_applied(response, mode.applied(created=False)), outcome.cache)


@router.post("/processes/{process_id}/validation")
async def validate(request: Request, process_id: str) -> Response:
    """A dry run: what would run, how, and whether its outputs are cached; or the complaints of an execution."""
    execution, mode = await _read(request, process_id)
    return json_response(
        {
            "valid": True,
            "mode": JobControlOption.ASYNC_EXECUTE if mode.is_async else JobControlOption.SYNC_EXECUTE,
            "inputs": execution.inputs,
            "outputs": {output.name: output.as_document() for output in execution.outputs},
            "response": execution.response,
            "cached": await services_of(request).engine.has_cached(execution),
        }
    )


async def _read(request: Request, process_id: str) -> tuple[Execution, Mode]:
    """Everything is known to be right when this returns."""
    services = services_of(request)
    process = services.process(process_id)
    execution = await _read_execution(request, process)
    preference = read_preference(request.headers.getlist("prefer"))
    return execution, choose_mode(process, preference, services.settings.default_mode)


async def _read_execution(request: Request, process: Process) -> Execution:
    services, urls = services_of(request), urls_of(request)
    body = await _read_body(request, services.settings.max_body_size)
    is_large = len(body) > LARGE_BODY
    asked = await asyncio.to_thread(parse, body) if is_large else parse(body)
    reader = services.reader(process)
    inputs = asked.get("inputs")
    hrefs = list(reader.inputs.hrefs(inputs)) if isinstance(inputs, dict) else []
    shows = view_of(request).shows
    references, wrong = await services.fetcher.resolve(hrefs, urls.parse_output, shows) if hrefs else ({}, [])
    subscriber, refused = await read_subscriber(asked, services.callbacks, urls.base)
    complaints = [*wrong, *refused]
    if is_large:
        execution = await asyncio.to_thread(reader.read, asked, references, complaints)
    else:
        execution = reader.read(asked, references, complaints)
    maker = caller_of(request).name
    return replace(
        execution,
        subscriber=subscriber,
        maker=maker,
        client=client_of(request, services.settings),
        idempotency=read_idempotency(request.headers.getlist("idempotency-key"), process.id, body, maker),
        is_forced=wants_fresh_outputs(request.headers.getlist("cache-control")),
    )


async def _read_body(request: Request, limit: int) -> bytes:
    """The body, counted while it comes; what is over the limit is read and dropped, so that the client hears why."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedMediaType("Send the execute request without a content encoding.")
    content_type = request.headers.get("content-type", "application/json")
    if not is_json(content_type):
        raise UnsupportedMediaType(f"Send the execute request as application/json, not {echo(content_type)}.")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > 2 * limit + 2**20:
            break
        if size <= limit:
            chunks.append(chunk)
    if size > limit:
        raise TooLarge(f"The body is larger than {limit} bytes, the most that this server takes.")
    return b"".join(chunks)


async def _unless_client_leaves(
    request: Request, run: Coroutine[Any, Any, Finished | Submitted]
) -> Finished | Submitted | None:
    """What the run leads to; None where the client hung up, which ends it."""
    running = asyncio.ensure_future(run)
    leaving = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await running if running.done() else None
    finally:
        leaving.cancel()
        running.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _created(request: Request, submitted: Submitted, mode: Mode) -> Response:
    """/req/core/process-execute-success-async"""
    job, urls = submitted.job, urls_of(request)
    response = json_response(status_info(job, urls), status=201, headers={"Location": urls.job(job.id)})
    return _with_cache_status(_with_applied(response, mode.applied(created=True)), submitted.cache)


def _tell_of_sync_job(request: Request, response: Response, outcome: Finished, services: Services) -> None:
    """/req/core/job-results-success-sync, where the settings keep jobs of sync runs."""
    if services.settings.keep_sync_jobs:
        response.headers.append("Link", f'<{urls_of(request).job(outcome.job_id)}>; rel="monitor"')


def _with_applied(response: Response, applied: str) -> Response:
    if applied:
        response.headers["Preference-Applied"] = applied
    return response


def _with_cache_status(response: Response, use: CacheUse) -> Response:
    if use in CACHE_STATUS:
        response.headers["Cache-Status"] = f"fastprocesses-server; {CACHE_STATUS[use]}"
    return response
