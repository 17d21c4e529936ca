"""`/jobs/{jobID}`: status and dismissal."""

import asyncio
import re

from fastapi import APIRouter, Request, Response
from loguru import logger

from ..errors import (
    JobIsGone,
    NoSuchJob,
)
from ..jobs.record import Job, Status
from ..jobs.status_info import status_info
from ..links import link
from .negotiation import negotiate
from .representation import FORMS, Page, represent
from .services import Services, services_of, urls_of

router = APIRouter()

JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@router.api_route("/jobs/{job_id}", methods=["GET", "HEAD"])
async def job_status(request: Request, job_id: str) -> Response:
    form = negotiate(request, *FORMS)
    job = await find_job(services_of(request), job_id)
    return represent(request, form, status_info(job, urls_of(request)), page_of(job)).response()


@router.delete("/jobs/{job_id}")
async def dismiss_job(request: Request, job_id: str) -> Response:
    """/req/dismiss/job-dismiss-op: a job that runs is stopped, a finished one is removed with its results."""
    form, services, urls = negotiate(request, *FORMS), services_of(request), urls_of(request)
    job = await find_job(services, job_id)
    before = await services.store.dismiss(job_id)
    if before is None or before == Status.DISMISSED:
        raise JobIsGone(f"Job {job_id} was dismissed before.")
    if before.is_final:
        await services.store.remove(job_id)
        await asyncio.to_thread(services.results.remove_job, job_id)
    job = await services.store.read(job_id) or job
    logger.info("job {} {}", job_id, "removed" if before.is_final else "dismissed")
    document = {**status_info(job, urls), "status": Status.DISMISSED, "links": [link(urls.jobs, "up", "Jobs")]}
    return represent(request, form, document, page_of(job)).response()


def page_of(job: Job) -> Page:
    return Page("job.html", f"Job {job.id}", (("Jobs", "jobs"),), {"job": job})


async def find_job(services: Services, job_id: str, *, public_only: bool = True) -> Job:
    if not JOB_ID.fullmatch(job_id):
        raise NoSuchJob(f"There is no job {job_id}.")
    job = await services.store.read(job_id)
    if job is None and await services.store.is_gone(job_id):
        raise JobIsGone(f"Job {job_id} was removed or has expired.")
    if job is None or (public_only and not job.is_public):
        raise NoSuchJob(f"There is no job {job_id}.")
    return job
