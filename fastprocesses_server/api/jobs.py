"""`/jobs/{jobID}`: status and dismissal."""

import asyncio
import re
import time
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from loguru import logger

from ..errors import Forbidden, JobIsGone, NoSuchJob, echo
from ..execution.preference import read_preference
from ..jobs.record import Job, Status
from ..jobs.status_info import status_info
from ..links import link
from .callers.ownership import view_of
from .negotiation import negotiate
from .plain_routes import plain_route
from .representation import FORMS, Page, represent
from .services import services_of, urls_of

router = APIRouter()

LOOK_SECONDS = 0.5
"""Between two looks at a job that somebody waits for or follows."""

LONGEST_WAIT = 60
"""Seconds. Proxies give up on longer ones."""

RETRY_AFTER = {"Retry-After": "1"}
"""Of jobs that are not finished."""

JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@plain_route(router, "/jobs/{job_id}")
async def job_status(request: Request) -> Response:
    """With `Prefer: wait=N` once the job is finished, or N seconds later (RFC 7240, section 4.3).

    Where too many wait already, at once: a preference may be left aside.
    """
    form = negotiate(request, *FORMS)
    job = await find_job(request, request.path_params["job_id"])
    headers = {}
    wait = min(read_preference(request.headers.getlist("prefer")).wait or 0, LONGEST_WAIT)
    followers = services_of(request).followers
    if wait and not followers.is_full:
        headers["Preference-Applied"] = f"wait={wait:g}"
        with followers.one_more():
            job = await _finished(request, job, wait)
    if not job.status.is_final:
        headers |= RETRY_AFTER
    response = represent(request, form, status_info(job, urls_of(request)), page_of(job)).response()
    response.headers.update(headers)
    return response


async def _finished(request: Request, job: Job, seconds: float) -> Job:
    """The job once it is finished, or as it is when the time is over, or nobody waits any more."""
    services, end = services_of(request), time.monotonic() + seconds
    while not job.status.is_final and (left := end - time.monotonic()) > 0:
        if await request.is_disconnected() or await services.ending.begins_within(min(left, LOOK_SECONDS)):
            break
        job = await find_job(request, job.id)
    return job


@router.delete("/jobs/{job_id}")
async def dismiss_job(request: Request, job_id: str) -> Response:
    """/req/dismiss/job-dismiss-op: a job that runs is stopped, a finished one is removed with its results."""
    form, services, urls = negotiate(request, *FORMS), services_of(request), urls_of(request)
    job = await find_job(request, job_id)
    if not view_of(request).owns(job.maker):
        raise Forbidden(f"Job {job_id} is another's: only its maker and admins may dismiss it.")
    before = await services.store.dismiss(job_id)
    if before is None or before == Status.DISMISSED:
        raise JobIsGone(f"Job {job_id} was dismissed before.")
    if before.is_final:
        await services.store.remove(job_id)
        await asyncio.to_thread(services.results.remove_job, job_id)
    job = await services.store.read(job_id) or job
    logger.info("job {job_id} {}", "removed" if before.is_final else "dismissed", job_id=job_id)
    document = {**status_info(job, urls), "status": Status.DISMISSED, "links": [link(urls.jobs, "up", "Jobs")]}
    return represent(request, form, document, page_of(job)).response()


def page_of(job: Job) -> Page:
    return Page("job.html", f"Job {job.id[:8]}", (("Jobs", "jobs"),), {"seconds": run_seconds(job)})


def run_seconds(job: Job) -> float | None:
    """How long its run has lasted, so far where it has not ended; None where none has begun."""
    if job.started is None:
        return None
    return ((job.finished or datetime.now(UTC)) - job.started).total_seconds()


async def find_job(request: Request, job_id: str, *, public_only: bool = True) -> Job:
    """The one way to a job by its id, and so the place where those of others are not there.

    They are looked for as one that never was, so that the time tells no more than the answer.
    """
    if not JOB_ID.fullmatch(job_id):
        raise NoSuchJob(f"There is no job {echo(job_id)}.")
    store, view = services_of(request).store, view_of(request)
    job = await store.read(job_id)
    if job is None or not view.shows(job.maker):
        job, maker = None, await store.maker_of_gone(job_id)
        if maker is not None and view.shows(maker):
            raise JobIsGone(f"Job {job_id} was removed or has expired.")
    if job is None or (public_only and not job.is_public):
        raise NoSuchJob(f"There is no job {job_id}.")
    return job
