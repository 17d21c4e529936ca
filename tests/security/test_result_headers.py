"""Results as browsers get them: what they would run is kept as a file, whatever it is called."""

from pathlib import Path
from typing import Any

import pytest
from asking import app_of, ask
from fastapi import Request
from serving import Client

from fastprocesses_server.api.results import results_response
from fastprocesses_server.execution.results import Results

NEVER = "sandbox; default-src 'none'; frame-ancestors 'none'"
NOTHING = NEVER.removeprefix("sandbox; ")

RUN = [
    "text/html",
    "TEXT/HTML",
    " text/html ; charset=utf-8",
    "text/html;profile=x",
    "application/xhtml+xml",
    "image/svg+xml",
    "Image/SVG+XML; charset=utf-8",
    "text/xml",
    "application/xml",
    "application/gml+xml;version=3.2",
    "application/vnd.google-earth.kml+xml",
    "application/mathml+xml",
    "application/rdf+xml",
    "text/xsl",
    "multipart/related; boundary=x",
    "multipart/x-mixed-replace; boundary=x",
    "message/rfc822",
    "message/global",
]
SHOWN = [
    "application/json",
    "application/geo+json",
    "text/plain",
    "text/csv",
    "image/png",
    "application/pdf",
    "video/mp4",
]


def headers_of(media_type: str, method: str = "GET", **members: Any) -> Any:
    results = Results(200, media_type, (b"<script>alert(1)</script>",), **members)
    request = Request({"type": "http", "method": method, "headers": []})
    return results_response(results, request).headers


@pytest.mark.parametrize("media_type", RUN)
def test_what_a_browser_would_run_is_a_file(media_type: str) -> None:
    for members in ({}, {"filename": 'a"b\r\nX: y.html'}, {"etag": '"x"'}):
        headers = headers_of(media_type, **members)
        assert headers["content-security-policy"] == NEVER
        assert headers["content-disposition"].startswith("attachment")
        assert "\n" not in headers["content-disposition"]


@pytest.mark.parametrize("media_type", SHOWN)
def test_what_a_browser_shows_is_shown(media_type: str) -> None:
    assert "content-disposition" not in headers_of(media_type)
    assert headers_of(media_type, filename="map.png")["content-disposition"].startswith("inline")


@pytest.fixture(scope="module")
def inputs() -> dict[str, Any]:
    return {"text": "</script><script>alert(1)</script>", "features": 1}


def test_every_way_to_a_page_that_is_a_result_leads_to_a_file(client: Client, inputs: dict[str, Any]) -> None:
    job = client.submit("looks", inputs)
    client.finished(job)
    direct = client.execute("looks", inputs, outputs={"page": {}})
    by_reference = client.execute("looks", inputs, outputs={"drawing": {"transmissionMode": "reference"}})
    for response in (
        direct,
        client.get(by_reference.links["item"]["url"]),
        client.get(f"/jobs/{job}/results/page", headers={"Accept": "text/html"}),
        client.get(f"/jobs/{job}/results/drawing", headers={"Range": "bytes=0-9"}),
        client.get(f"/jobs/{job}/results/page?f=html"),
        client.head(f"/jobs/{job}/results/page"),
        client.get(f"/jobs/{job}/results", headers={"Accept": "multipart/related"}),
    ):
        assert response.is_success
        assert response.headers["content-security-policy"] == NEVER, response.headers
        assert response.headers["content-disposition"].startswith("attachment")
        assert response.headers["x-content-type-options"] == "nosniff"
    for name in ("fake", "dot", "notes", "csv", "places"):
        headers = client.get(f"/jobs/{job}/results/{name}").headers
        assert (headers["content-security-policy"], headers["x-content-type-options"]) == (NOTHING, "nosniff")


def test_a_logo_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    for name, status in (("logo.svg", 200), ("missing.svg", 404), (".", 404)):
        response = ask(app_of(logo=tmp_path / name), "/logo")
        assert response.status_code == status
        assert response.headers["content-security-policy"] == (NEVER if status == 200 else NOTHING)
