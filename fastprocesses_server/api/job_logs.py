"""`/jobs/{jobID}/logs`: what the callable of a job said last, while it runs and later."""

from collections.abc import Iterable

import orjson
from fastapi import APIRouter, Request, Response

from ..jobs.log import LogLine
from .jobs import find_job
from .negotiation import AS_JSON, AS_TEXT, negotiate
from .services import services_of

router = APIRouter()


@router.api_route("/jobs/{job_id}/logs", methods=["GET", "HEAD"])
async def job_logs(request: Request, job_id: str) -> Response:
    """The words of an author, who is trusted, and of whatever data made the callable say: never a page."""
    form = negotiate(request, AS_JSON, AS_TEXT)
    job = await find_job(request, job_id)
    lines = await services_of(request).store.log(job.id)
    body = _as_text(lines) if form == AS_TEXT else _as_json(lines)
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    return Response(body, media_type=form.media_type, headers=headers)


def _as_text(lines: Iterable[LogLine]) -> str:
    return "".join(f"{line.moment} {line.level:<7} {line.text}\n" for line in lines)


def _as_json(lines: Iterable[LogLine]) -> bytes:
    return orjson.dumps([line.as_document() for line in lines])
