"""Results as responses: bytes, files, or both in turn, with the headers that keep a browser from running them."""

from collections.abc import Iterator
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import FileResponse, StreamingResponse

from ..execution.results import FilePart, Results

ACTIVE = ("text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml")
"""Types that a browser would run."""


def results_response(results: Results) -> Response:
    response = _response(results)
    for target in results.links:
        response.headers.append(
            "Link", f'<{target["href"]}>; rel="{target["rel"]}"; type="{target["type"]}"; title="{target["title"]}"'
        )
    response.headers["X-Content-Type-Options"] = "nosniff"
    if results.media_type and results.media_type.partition(";")[0].strip() in ACTIVE:
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response.headers["Content-Disposition"] = _disposition("attachment", results.filename)
    elif results.filename:
        response.headers["Content-Disposition"] = _disposition("inline", results.filename)
    return response


def _response(results: Results) -> Response:
    if results.status == 204:
        return Response(status_code=204)
    headers = {"Content-Type": str(results.media_type)}
    match results.parts:
        case (bytes(body),):
            return Response(body, headers=headers)
        case (FilePart(path=path, as_base64=False),):
            return FileResponse(path, headers=headers)
        case parts:
            return StreamingResponse(_pieces(parts), headers={**headers, "Content-Length": str(results.size)})


def _pieces(parts: tuple[bytes | FilePart, ...]) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
        else:
            yield from part.read()


def _disposition(kind: str, filename: str | None) -> str:
    return f"{kind}; filename*=UTF-8''{quote(filename, safe='')}" if filename else kind
