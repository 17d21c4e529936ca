"""`/jobs`: the list of jobs, newest first."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request, Response

from ..errors import NoSuchJob
from ..jobs.record import Job
from ..jobs.status_info import status_info
from .job_filters import FILTERS, read_selection
from .negotiation import negotiate
from .paging import read_window, window_links
from .query import Query
from .representation import FORMS, Page, represent
from .services import services_of, urls_of

router = APIRouter()


@router.api_route("/jobs", methods=["GET", "HEAD"])
async def job_list(request: Request) -> Response:
    """/req/job-list/job-list-success"""
    form = negotiate(request, *FORMS)
    services, urls, query = services_of(request), urls_of(request), Query(request)
    if services.settings.job_list == "off":
        raise NoSuchJob("This server does not list its jobs.")
    selection, window = read_selection(query), read_window(query)
    query.check()
    page = await services.store.page(selection, window)
    kept = {name: query.items(name) for name in (*FILTERS, "f") if query.items(name)}
    document = {
        "jobs": [status_info(job, urls) for job in page.jobs],
        "links": window_links(urls.jobs, kept, window, page),
    }
    facts = {
        "asked": {name: query.items(name) for name in FILTERS},
        "durations": {job.id: _duration(job) for job in page.jobs},
        "processes": list(services.registry),
    }
    return represent(request, form, document, Page("job_list.html", "Jobs", facts=facts)).response()


def _duration(job: Job) -> str:
    """Of its run, so far where it has not ended."""
    if job.started is None:
        return ""
    return str(timedelta(seconds=round(((job.finished or datetime.now(UTC)) - job.started).total_seconds())))
