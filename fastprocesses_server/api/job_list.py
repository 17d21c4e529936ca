"""`/jobs`: the list of jobs, newest first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request, Response

from ..errors import NoSuchJob
from ..jobs.status_info import status_info
from .callers.ownership import view_of
from .job_filters import FILTERS, read_selection
from .jobs import run_seconds
from .negotiation import AS_HTML, negotiate
from .paging import read_window, window_links
from .plain_routes import plain_route
from .query import Query
from .representation import FORMS, Page, represent
from .services import services_of, urls_of

router = APIRouter()


@plain_route(router, "/jobs")
async def job_list(request: Request) -> Response:
    """/req/job-list/job-list-success"""
    form = negotiate(request, *FORMS)
    services, urls = services_of(request), urls_of(request)
    query = Query(request, without_blanks=form == AS_HTML)
    if services.settings.job_list == "off":
        raise NoSuchJob("This server does not list its jobs.")
    selection, window = read_selection(query), read_window(query)
    query.check()
    selection = replace(selection, maker=view_of(request).listed)
    page = await services.store.page(selection, window)
    kept = {name: query.items(name) for name in (*FILTERS, "f") if query.items(name)}
    document = {
        "jobs": [status_info(job, urls) for job in page.jobs],
        "links": window_links(urls.jobs, kept, window, page),
    }
    facts = {
        "asked": {name: query.items(name) for name in FILTERS},
        "limit": window.limit,
        "seconds": {job.id: run_seconds(job) for job in page.jobs},
        "spans": _spans(),
        "processes": list(services.registry),
    }
    return represent(request, form, document, Page("job_list.html", "Jobs", facts=facts)).response()


def _spans() -> dict[str, str]:
    """Values of the filter `datetime` that people want most, by their names."""
    now = datetime.now(UTC).replace(microsecond=0)
    lengths = {"the last hour": 1, "the last day": 24, "the last week": 7 * 24}
    return {name: f"{now - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}/.." for name, hours in lengths.items()}
