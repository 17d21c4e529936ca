"""The status info: the document about a job."""

from datetime import datetime
from typing import Any

from ..links import EVENT_STREAM, REL, Urls, link
from .record import Job, Status


def status_info(job: Job, urls: Urls) -> dict[str, Any]:
    """statusInfo.yaml of version 1.0, what the draft of 2.0 calls otherwise or adds, and the end of what is kept."""
    moments = {
        "created": job.created,
        "started": job.started,
        "finished": job.finished,
        "updated": job.updated,
        "expires": job.expires,
        "resultsExpire": job.results_expire,
    }
    message = str(job.problem["detail"]) if job.problem else job.message
    return {
        "processID": job.process_id,
        "type": "process",
        "processingEntityType": "ogc-api-processes",
        "jobID": job.id,
        "id": job.id,
        "status": job.status,
        **({"message": message} if message else {}),
        **{name: _rfc3339(moment) for name, moment in moments.items() if moment},
        "progress": job.progress,
        **({"exception": dict(job.problem)} if job.problem else {}),
        **({"links": _links(job, urls)} if job.is_public else {}),
    }


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _links(job: Job, urls: Urls) -> list[dict[str, str]]:
    links = [
        link(urls.job(job.id), "self", "This document"),
        link(urls.jobs, "up", "Jobs"),
        link(urls.log(job.id), "related", "Log of the job"),
        link(urls.events(job.id), "related", "Events of the job", EVENT_STREAM),
    ]
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
