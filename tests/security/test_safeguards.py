"""Headers that keep browsers from doing what nobody wants: on every answer, and between sites."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from asking import app_of, ask
from fastapi import FastAPI, Request

from fastprocesses_server.api.middleware.host_check import HostCheck
from fastprocesses_server.api.middleware.safeguards import Safeguards, embedders
from fastprocesses_server.settings import Settings

NOTHING = "default-src 'none'; frame-ancestors 'none'"
PATHS = ["/", "/api", "/conformance", "/processes", "/processes/none", "/nowhere", "/health/live", "/static/pages.css"]
APP, EVIL = "https://app.example", "https://evil.example"
FRONT_END = "http://localhost:3000"


@pytest.fixture(scope="module")
def app() -> FastAPI:
    app = app_of()

    @app.get("/fault")
    async def fault(request: Request) -> None:
        raise RuntimeError("the text of an unexpected exception")

    return app


@pytest.mark.parametrize("path", [*PATHS, "/fault"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_no_answer_is_a_page_unless_it_is_meant_to_be(app: FastAPI, path: str, method: str) -> None:
    response = ask(app, path, method=method)
    assert response.headers.get_list("content-security-policy") == [NOTHING]
    assert response.headers.get_list("x-content-type-options") == ["nosniff"]
    assert response.headers.get_list("referrer-policy") == ["same-origin"]
    assert response.headers["cross-origin-resource-policy"] == "same-site"
    assert "strict-transport-security" not in response.headers
    assert "server" not in response.headers


@pytest.mark.parametrize("path", ["/", "/processes", "/nowhere", "/fault", "/api?f=swagger"])
def test_pages_run_their_own_scripts_alone(app: FastAPI, path: str) -> None:
    response = ask(app, path, [("Accept", "text/html")])
    assert response.headers["content-type"].startswith("text/html")
    (policy,) = response.headers.get_list("content-security-policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["form-action"] == "'self'"
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in response.headers["permissions-policy"]
    assert "strict-transport-security" not in response.headers


def test_a_fault_is_told_to_pages_of_other_sites_and_its_text_to_nobody(app: FastAPI) -> None:
    for accept in ("application/json", "text/html"):
        response = ask(app, "/fault", [("Origin", FRONT_END), ("Accept", accept)])
        assert response.status_code == 500
        assert "unexpected exception" not in response.text
        assert "RuntimeError" not in response.text
        assert response.headers["access-control-allow-origin"] == FRONT_END


@pytest.mark.parametrize(
    ("settings", "headers", "is_secure"),
    [
        ({"public_url": "https://maps.example"}, [], True),
        ({"public_url": "http://maps.example"}, [("X-Forwarded-Proto", "https")], False),
        ({}, [("X-Forwarded-Proto", "https")], False),
        ({"trusted_proxies": ("203.0.113.9",)}, [("X-Forwarded-Proto", "https")], True),
        ({"trusted_proxies": ("203.0.113.9",)}, [], False),
        ({"trusted_proxies": ("192.0.2.1",)}, [("X-Forwarded-Proto", "https")], False),
        ({"public_url": "https://maps.example", "hsts_seconds": 0}, [], False),
    ],
)
def test_browsers_that_came_by_tls_are_told_to_come_back_so(settings: Any, headers: Any, is_secure: bool) -> None:
    for path in ("/", "/?f=html", "/nowhere"):
        sent = ask(app_of(**settings), path, headers).headers.get("strict-transport-security")
        assert sent == ("max-age=2592000" if is_secure else None)


def test_sites_of_the_same_domain_cannot_show_what_a_cookie_opens() -> None:
    assert embedders(Settings()) == "same-site"
    assert embedders(Settings(cors_allowed_origins=("*",))) == "cross-origin"
    assert embedders(Settings(auth="optional")) == "same-origin"
    assert embedders(Settings(cors_allowed_origins=(APP,))) == "same-origin"


def preflight(app: FastAPI, origin: str, method: str = "POST", headers: str = "authorization,content-type") -> Any:
    asked = [("Origin", origin), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", headers)]
    return ask(app, "/processes/x/execution", asked, method="OPTIONS")


@pytest.mark.parametrize("settings", [{}, {"cors_allowed_origins": (APP,)}, {"auth": "required"}])
def test_no_other_site_ever_sends_cookies_or_reads_what_they_open(settings: Any) -> None:
    app = app_of(**settings)
    for response in (
        preflight(app, APP),
        preflight(app, EVIL),
        ask(app, "/conformance", [("Origin", APP), ("Cookie", "fp_session=x")]),
        ask(app, "/nowhere", [("Origin", EVIL), ("Cookie", "fp_session=x")]),
        ask(app, "/conformance", [("Origin", "null"), ("Cookie", "fp_session=x")]),
    ):
        assert "access-control-allow-credentials" not in response.headers
        assert response.headers.get("access-control-allow-origin") in ("*", APP, None)


def test_only_named_origins_are_told_that_they_may() -> None:
    app = app_of(cors_allowed_origins=(APP,))
    assert preflight(app, APP).headers["access-control-allow-origin"] == APP
    near = (
        EVIL,
        "null",
        "",
        APP + ".evil.example",
        "http://app.example",
        APP + ":444",
        "https://APP.example",
        "*",
        "http://[",
    )
    for origin in near:
        assert preflight(app, origin).status_code == 400
        answer = ask(app, "/conformance", [("Origin", origin)])
        assert "access-control-allow-origin" not in answer.headers
        assert "Origin" in answer.headers["vary"]
    without = ask(app, "/conformance")
    assert without.headers.get_list("vary") == ["Accept, Origin"]  # in one line: nginx keeps no more than one
    assert preflight(app, APP, method="PUT").status_code == 400
    assert preflight(app, APP, headers="cookie").status_code == 400


@pytest.mark.parametrize(
    "origin", ["null", "http://[", "http://[::1", "//", "file://", "\x00", "https://localhost:8000@evil.example"]
)
def test_an_origin_without_meaning_is_a_foreign_one(origin: str) -> None:
    app = app_of(cors_allowed_origins=())
    assert ask(app, "/processes/x/execution", [("Origin", origin)], method="POST", json={}).status_code == 403
    assert ask(app, "/jobs/x", [("Origin", origin), ("Host", "")], method="DELETE").status_code == 403


def test_the_headers_cost_microseconds(figure: Callable[..., None]) -> None:
    async def plain(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")] * 5})

    scope = {"type": "http", "scheme": "http", "headers": [(b"host", b"localhost:8000")]}

    async def drop(_message: Any) -> None:
        pass

    def seconds(app: Any) -> float:
        times = []
        for _ in range(2000):
            begun = time.perf_counter()
            coroutine = app(scope, None, drop)
            with pytest.raises(StopIteration):
                coroutine.send(None)
            times.append(time.perf_counter() - begun)
        return sorted(times)[1000]

    added = seconds(Safeguards(HostCheck(plain, Settings()), Settings())) - seconds(plain)
    figure("headers of an answer", added * 1e6, "µs", at_most=50)
