"""`/jobs`: the list of jobs, newest first."""

from fastapi import APIRouter, Request, Response

from ..errors import NoSuchJob
from ..jobs.status_info import status_info
from .documents import linked_response
from .job_filters import FILTERS, read_selection
from .negotiation import negotiate
from .paging import read_window, window_links
from .query import Query
from .services import services_of, urls_of

router = APIRouter()


@router.api_route("/jobs", methods=["GET", "HEAD"])
async def job_list(request: Request) -> Response:
    """/req/job-list/job-list-success"""
    negotiate(request)
    services, urls, query = services_of(request), urls_of(request), Query(request)
    if services.settings.job_list == "off":
        raise NoSuchJob("This server does not list its jobs.")
    selection, window = read_selection(query), read_window(query)
    query.check()
    page = await services.store.page(selection, window)
    kept = {name: query.items(name) for name in (*FILTERS, "f") if query.items(name)}
    return linked_response(
        {
            "jobs": [status_info(job, urls) for job in page.jobs],
            "links": window_links(urls.jobs, kept, window, page),
        }
    )
