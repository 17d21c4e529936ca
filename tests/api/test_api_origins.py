"""Requests of other sites' pages: what a plain HTML form could send starts nothing."""

import httpx
import pytest
from serving import Client, Server

from fastprocesses_server.api.middleware.origins import Allowed, allowed_origins, check_origin
from fastprocesses_server.errors import ForeignOrigin
from fastprocesses_server.settings import Settings

EVIL = "https://evil.example"
APP = "https://app.example"
FRONT_END = "http://localhost:3000"
BASE = "https://processes.example/ogc"
BODY = b'{"inputs": {"message": "hi"}}'
EXECUTION = "/processes/echo/execution"
JSON = "application/json"


def is_taken(method: str, allowed: tuple[str, ...], **headers: str) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        check_origin(method, {"host": "10.0.0.1:8000", **named}, BASE, Allowed(allowed))
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


PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


def test_pages_of_this_machine_may_send_json_by_default(client: Client, server: Server) -> None:
    asked = client.options(EXECUTION, headers={"Origin": FRONT_END, **PREFLIGHT})
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, FRONT_END)
    response = post(client, origin=FRONT_END, sec_fetch_site="same-site", content_type=JSON)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == FRONT_END
    assert "Origin" in response.headers["vary"]
    assert post(client, origin=server.url).status_code == 200
    assert post(client).status_code == 200


def test_pages_of_other_sites_neither_read_nor_start_anything_by_default(client: Client) -> None:
    asked = client.options(EXECUTION, headers={"Origin": EVIL, **PREFLIGHT})
    assert asked.status_code == 400
    refused = post(client, origin=EVIL, content_type=JSON)
    for response in (asked, client.get("/jobs", headers={"Origin": EVIL}), refused):
        assert "access-control-allow-origin" not in response.headers
        assert "Origin" in response.headers["vary"]
        assert response.headers["cross-origin-resource-policy"] == "same-site"
    assert refused.status_code == 403
    assert "FP_CORS_ALLOWED_ORIGINS" in refused.json()["detail"]


@pytest.mark.parametrize(
    "origin",
    [
        *("http://localhost", FRONT_END, "https://localhost:8443", "http://app.localhost:5173"),
        *("http://127.0.0.1:3000", "http://127.1.2.3", "http://[::1]:3000"),
    ],
)
def test_a_front_end_on_this_machine_may_call_a_server_for_this_machine(origin: str) -> None:
    assert origin in allowed_origins(Settings())


@pytest.mark.parametrize(
    "origin",
    [
        *(
            EVIL,
            "null",
            "",
            "http://localhost.evil.example",
            "http://evil.example:3000",
            "http://127.0.0.1.evil.example",
        ),
        *("http://evillocalhost", "http://localhost:3000/", "http://localhost:3000@evil.example", "http://localhost:"),
        *(
            "http://192.168.0.2",
            "ftp://localhost",
            "http://[::2]",
            "http://localhost\n",
            "http://.localhost",
            "file://",
        ),
    ],
)
def test_nobody_else_may(origin: str) -> None:
    assert origin not in allowed_origins(Settings())


@pytest.mark.parametrize(
    "settings",
    [
        Settings(host="0.0.0.0"),
        Settings(auth="required"),
        Settings(public_url="https://processes.example"),
        Settings(trusted_proxies=("10.0.0.7",)),
        Settings(cors_allowed_origins=("*",)),
    ],
)
def test_all_sites_may_call_a_server_for_others_unless_it_says_otherwise(settings: Settings) -> None:
    assert EVIL in allowed_origins(settings)


def test_what_is_set_counts_alone() -> None:
    assert FRONT_END not in allowed_origins(Settings(cors_allowed_origins=()))
    assert FRONT_END not in allowed_origins(Settings(cors_allowed_origins=(APP,)))
    assert APP in allowed_origins(Settings(cors_allowed_origins=(APP,)))
