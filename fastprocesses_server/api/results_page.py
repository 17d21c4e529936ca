"""The results of a job as a page: every output with its value, or with what is known of it and where it is."""

import mimetypes
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Request, Response

from ..execution.media_type import GEOJSON, Kind
from ..execution.outputs import StoredOutput
from ..execution.request import Execution
from ..execution.results import Presenter
from ..jobs.record import Job
from ..links import HTML, Link, link, with_form
from .negotiation import AS_HTML, AS_JSON
from .representation import Page, show
from .services import urls_of

MOST_SHOWN = 16 * 1024
"""Bytes of a value that stand in the page itself."""


def results_page(
    request: Request, job: Job, execution: Execution | None, outputs: Mapping[str, StoredOutput], presenter: Presenter
) -> Response:
    """What was asked for; of a process that is not published any more, whose outputs are known by name, all."""
    asked = [one.name for one in execution.outputs if one.name in outputs] if execution else list(outputs)
    described = execution.process.outputs if execution else {}
    titles = {name: output.title or name for name, output in described.items()}
    base = urls_of(request).landing_page
    shown = []
    for name in asked:
        href, media_type = presenter.url_of(name), presenter.output(execution, outputs[name]).media_type
        places = {"href": href, "path": href.removeprefix(base), "filename": _filename(outputs[name], str(media_type))}
        shown.append({**_output(outputs[name]), **places, "title": titles.get(name, name), "type": media_type})
    trail = (("Jobs", "jobs"), (f"Job {job.id[:8]}", f"jobs/{job.id}"))
    page = Page("results.html", "Results", trail, {"job": job})
    presented = presenter.present(execution, outputs).media_type if execution else None
    return show(request, page, {"outputs": shown}, [*_links(request, job, presented)]).response()


def _links(request: Request, job: Job, presented: str | None) -> Iterator[Link]:
    """`presented` is the type of what programs get; None where they get nothing."""
    urls = urls_of(request)
    yield link(with_form(urls.results(job.id), AS_HTML.name), "self", "Results", HTML)
    if presented:
        href = with_form(urls.results(job.id), AS_JSON.name)
        yield link(href, "alternate", "Results, as programs get them", presented)
    yield link(urls.job(job.id), "up", "Status of the job")


def _filename(output: StoredOutput, media_type: str) -> str:
    essence = media_type.partition(";")[0].strip().lower()
    ending = ".geojson" if essence == GEOJSON else mimetypes.guess_extension(essence) or ""
    return output.filename or output.name + ending


def _output(output: StoredOutput) -> dict[str, Any]:
    """`text` is its value, where that is text or JSON and short."""
    is_shown = output.body is not None and output.size <= MOST_SHOWN and output.kind != Kind.BINARY
    return {
        "name": output.name,
        "size": output.size,
        "text": output.body.decode(errors="replace") if is_shown and output.body is not None else None,
    }
