"""Results as responses: bytes, files, or both in turn, with the headers that keep a browser from running them."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from ..execution.results import FilePart, Form, Results
from .documents import is_known, link_header
from .middleware.safeguards import NEVER_RUN

ACTIVE = re.compile(r"text/html|[^/]+/([^/]+\+)?xml|text/xsl|multipart/.+|message/.+")
"""Types that a browser would run, or take apart and run."""

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def results_response(results: Results, request: Request) -> Response:
    response = _response(results, request)
    if results.links:
        response.headers.append("Link", link_header(results.links))
    if ACTIVE.fullmatch((results.media_type or "").partition(";")[0].strip().lower()):
        response.headers["Content-Security-Policy"] = NEVER_RUN
        response.headers["Content-Disposition"] = _disposition("attachment", results.filename)
    elif results.filename:
        response.headers["Content-Disposition"] = _disposition("inline", results.filename)
    return response


def _response(results: Results, request: Request) -> Response:
    if results.status == 204:
        return Response(status_code=204)
    headers = {"Content-Type": str(results.media_type)}
    if results.etag and request.method in ("GET", "HEAD"):
        headers["ETag"] = results.etag
        if is_known(request, results.etag):
            return Response(status_code=304, headers={"ETag": results.etag})
    match results.parts:
        case (bytes(body),):
            return _bytes_response(body, headers, request)
        case (FilePart(path=path, form=Form.PLAIN),):
            return FileResponse(path, headers=headers)
        case parts:
            length = results.length
            sized = {} if length is None else {"Content-Length": str(length)}
            return StreamingResponse(_pieces(parts), headers={**headers, **sized})


def _bytes_response(body: bytes, headers: dict[str, str], request: Request) -> Response:
    """Small outputs answer to a single range as files do."""
    if "ETag" not in headers:
        return Response(body, headers=headers)
    headers["Accept-Ranges"] = "bytes"
    asked = RANGE.fullmatch(request.headers.get("range", ""))
    if not asked or not any(asked.groups()) or request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        return Response(body, headers=headers)
    size = len(body)
    start = int(asked[1]) if asked[1] else max(size - int(asked[2]), 0)
    end = min(int(asked[2]), size - 1) if asked[1] and asked[2] else size - 1
    if start > end:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Response(body[start : end + 1], status_code=206, headers=headers)


def _pieces(parts: tuple[bytes | FilePart, ...]) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
        else:
            yield from part.read()


def _disposition(kind: str, filename: str | None) -> str:
    return f"{kind}; filename*=UTF-8''{quote(filename, safe='')}" if filename else kind
