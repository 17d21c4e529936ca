"""The results of a job as a page: every output with its value, or with what is known of it and where it is."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from ..execution.media_type import Kind
from ..execution.outputs import StoredOutput
from ..execution.request import Execution
from ..jobs.record import Job
from ..links import Link, Urls, link
from .negotiation import AS_HTML
from .representation import Page, represent
from .services import urls_of

MOST_SHOWN = 16 * 1024
"""Bytes of a value that stand in the page itself."""


def results_page(
    request: Request, job: Job, execution: Execution | None, outputs: Mapping[str, StoredOutput]
) -> Response:
    """Of a process that is not published any more too: its outputs are known by name."""
    urls = urls_of(request)
    described = execution.process.outputs if execution else {}
    titles = {name: output.title or name for name, output in described.items()}
    shown = [_output(output, titles.get(output.name, output.name), job, urls) for output in outputs.values()]
    trail = (("Jobs", "jobs"), (f"Job {job.id}", f"jobs/{job.id}"))
    page = Page("results.html", "Results", trail, {"job": job})
    return represent(request, AS_HTML, {"outputs": shown}, page, links=_links(job, urls)).response()


def _links(job: Job, urls: Urls) -> list[Link]:
    return [link(urls.results(job.id), "self", "Results"), link(urls.job(job.id), "up", "Status of the job")]


def _output(output: StoredOutput, title: str, job: Job, urls: Urls) -> dict[str, Any]:
    """`href` is the URL of the output, `path` the same below the landing page's; `text` its value, if that is short."""
    is_shown = output.body is not None and output.size <= MOST_SHOWN and output.kind != Kind.BINARY
    href = urls.output(job.id, output.name)
    return {
        "name": output.name,
        "title": title,
        "href": href,
        "path": href.removeprefix(urls.landing_page),
        "type": output.media_type,
        "size": output.size,
        "filename": output.filename,
        "text": output.body.decode(errors="replace") if is_shown and output.body is not None else None,
    }
