"""Requests of other sites' pages: what a plain HTML form could send starts nothing."""

import httpx
import pytest
from serving import Client, Server

from fastprocesses_server.api.origins import check_origin
from fastprocesses_server.errors import ForeignOrigin

EVIL = "https://evil.example"
APP = "https://app.example"
BASE = "https://processes.example/ogc"
BODY = b'{"inputs": {"message": "hi"}}'
EXECUTION = "/processes/echo/execution"
JSON = "application/json"


def is_taken(method: str, allowed: tuple[str, ...], **headers: str) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        check_origin(method, {"host": "10.0.0.1:8000", **named}, BASE, allowed)
    except ForeignOrigin:
        return False
    return True


@pytest.mark.parametrize("allowed", [("*",), (APP,), ()])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_programs_and_our_own_pages_may_send_anything(method: str, allowed: tuple[str, ...]) -> None:
    assert is_taken(method, allowed)
    assert is_taken(method, allowed, content_type="text/plain")
    assert is_taken(method, allowed, origin="https://processes.example", sec_fetch_site="same-origin")
    assert is_taken(method, allowed, origin="http://10.0.0.1:8000")
    assert is_taken(method, allowed, sec_fetch_site="none")


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_plain_form_could_send_is_refused_whoever_is_allowed(content_type: str) -> None:
    typed = {"content_type": content_type} if content_type else {}
    for allowed in (("*",), (EVIL,), ()):
        assert not is_taken("POST", allowed, origin=EVIL, **typed)
        assert not is_taken("POST", allowed, origin="null", **typed)
        assert not is_taken("POST", allowed, sec_fetch_site="cross-site", **typed)
        assert not is_taken("POST", allowed, sec_fetch_site="same-site", **typed)


def test_json_of_another_site_is_taken_where_it_is_allowed() -> None:
    assert is_taken("POST", ("*",), origin=EVIL, content_type=JSON, sec_fetch_site="cross-site")
    assert is_taken("POST", (APP,), origin=APP, content_type=f"{JSON}; charset=utf-8")
    assert is_taken("DELETE", (APP,), origin=APP)
    for origin in (EVIL, "null", APP + ".evil.example", "http://app.example"):
        assert not is_taken("POST", (APP,), origin=origin, content_type=JSON)
        assert not is_taken("DELETE", (APP,), origin=origin)


def post(client: Client, **headers: str) -> httpx.Response:
    return client.post(EXECUTION, content=BODY, headers={name.replace("_", "-"): v for name, v in headers.items()})


def test_a_form_posted_from_another_site_starts_no_run(client: Client) -> None:
    jobs = client.get("/jobs?processID=echo&limit=1").json()["jobs"]
    for headers in (
        {"origin": EVIL},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"origin": EVIL, "content_type": "text/plain", "prefer": "respond-async"},
    ):
        response = post(client, **headers)
        assert response.status_code == 403
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["title"] == "Forbidden"
    assert client.get("/jobs?processID=echo&limit=1").json()["jobs"] == jobs
    assert client.post("/processes/echo/validation", content=BODY, headers={"Origin": EVIL}).status_code == 403


def test_pages_of_other_sites_may_send_json_by_default(client: Client, server: Server) -> None:
    asked = client.options(
        EXECUTION,
        headers={
            "Origin": EVIL,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert asked.headers["access-control-allow-origin"] == "*"
    response = post(client, origin=EVIL, sec_fetch_site="cross-site", content_type=JSON)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert post(client, origin=server.url).status_code == 200
    assert post(client).status_code == 200
