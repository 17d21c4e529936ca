"""`/jobs` and below: list, status, results, dismissal."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from loguru import logger

from ..errors import (
    JobFailed,
    JobIsGone,
    NoSuchJob,
    NoSuchOutput,
    NoSuchProcess,
    ResultNotAvailable,
    ResultNotReady,
)
from ..execution.request import read_execution
from ..execution.results import Presenter
from ..jobs.engine import Outputs
from ..jobs.record import Job, Status
from .documents import json_response, linked_response
from .links import REL, Urls, link
from .paging import read_page
from .results import results_response
from .services import Services, services_of, urls_of

router = APIRouter()


@router.api_route("/jobs", methods=["GET", "HEAD"])
async def job_list(request: Request) -> Response:
    services, urls, page = services_of(request), urls_of(request), read_page(request)
    if services.settings.job_list == "off":
        raise NoSuchJob("This server does not list its jobs.")
    listed = await services.store.page(page.offset, page.limit)
    return linked_response(
        {
            "jobs": [status_info(job, urls) for job in listed.jobs],
            "links": page.links(urls.jobs, "Jobs", has_more=listed.has_more),
        }
    )


@router.api_route("/jobs/{job_id}", methods=["GET", "HEAD"])
async def job_status(request: Request, job_id: str) -> Response:
    job = await _public_job(services_of(request), job_id)
    return json_response(status_info(job, urls_of(request)))


@router.delete("/jobs/{job_id}")
async def dismiss_job(request: Request, job_id: str) -> Response:
    """/req/dismiss/job-dismiss-op: a job that runs is stopped, a finished one is removed with its results."""
    services, urls = services_of(request), urls_of(request)
    job = await _public_job(services, job_id)
    before = await services.store.dismiss(job_id)
    if before is None or before == Status.DISMISSED:
        raise JobIsGone(f"Job {job_id} was dismissed before.")
    if before.is_final:
        await services.store.remove(job_id)
        services.results.remove_job(job_id)
    job = await services.store.read(job_id) or job
    logger.info("job {} {}", job_id, "removed" if before.is_final else "dismissed")
    document = {**status_info(job, urls), "status": Status.DISMISSED, "links": [link(urls.jobs, "up", "Jobs")]}
    return json_response(document)


@router.api_route("/jobs/{job_id}/results", methods=["GET", "HEAD"])
async def job_results(request: Request, job_id: str) -> Response:
    services = services_of(request)
    job, outputs = await _successful_job(services, job_id)
    process, stored = services.registry.get(job.process_id), await services.store.request(job_id)
    if process is None or stored is None:
        raise NoSuchProcess(f"Process {job.process_id} is not published any more; its outputs have their own URLs.")
    presenter = Presenter(services.results.folder, lambda name: urls_of(request).output(job_id, name))
    return results_response(presenter.present(read_execution(process, stored), outputs))


@router.api_route("/jobs/{job_id}/results/{output}", methods=["GET", "HEAD"])
async def job_output(request: Request, job_id: str, output: str) -> Response:
    """One output as itself; also of a sync run that was asked for references, which is no public job."""
    services = services_of(request)
    _, outputs = await _successful_job(services, job_id, public_only=False)
    if output not in outputs:
        raise NoSuchOutput(f"Job {job_id} has no output {output}.")
    presenter = Presenter(services.results.folder, lambda name: urls_of(request).output(job_id, name))
    return results_response(presenter.single(outputs[output]))


async def _public_job(services: Services, job_id: str, *, public_only: bool = True) -> Job:
    job = await services.store.read(job_id)
    if job is None and await services.store.is_gone(job_id):
        raise JobIsGone(f"Job {job_id} was removed or has expired.")
    if job is None or (public_only and not job.is_public):
        raise NoSuchJob(f"There is no job {job_id}.")
    return job


async def _successful_job(services: Services, job_id: str, *, public_only: bool = True) -> tuple[Job, Outputs]:
    """Table 1d: what there is instead of results."""
    job = await _public_job(services, job_id, public_only=public_only)
    if job.status == Status.DISMISSED:
        raise ResultNotAvailable(f"Job {job_id} was dismissed.")
    if job.status == Status.FAILED and job.problem:
        raise JobFailed(job.problem)
    if not job.status.is_final:
        raise ResultNotReady(f"Job {job_id} is {job.status}.")
    outputs = await services.engine.outputs(job)
    if outputs is None:
        raise ResultNotAvailable(f"The results of job {job_id} have expired.")
    return job, outputs


def status_info(job: Job, urls: Urls) -> dict[str, Any]:
    """statusInfo.yaml"""
    moments = {"created": job.created, "started": job.started, "finished": job.finished, "updated": job.updated}
    message = str(job.problem["detail"]) if job.problem else job.message
    return {
        "processID": job.process_id,
        "type": "process",
        "jobID": job.id,
        "status": job.status,
        **({"message": message} if message else {}),
        **{name: _rfc3339(moment) for name, moment in moments.items() if moment},
        "progress": job.progress,
        "links": _links(job, urls),
    }


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _links(job: Job, urls: Urls) -> list[dict[str, str]]:
    links = [link(urls.job(job.id), "self", "This document"), link(urls.jobs, "up", "Jobs")]
    match job.status:
        case Status.ACCEPTED | Status.RUNNING:
            links.append(link(urls.job(job.id), "monitor", "Status of the job"))
        case Status.SUCCESSFUL:
            links.append(link(urls.results(job.id), REL + "results", "Results"))
        case Status.FAILED:
            links.append(link(urls.results(job.id), REL + "exceptions", "What went wrong", "application/problem+json"))
        case Status.DISMISSED:
            pass
    return links
