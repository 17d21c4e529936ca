"""The session's cookie as it is read: by its name alone, and only where there is one of it."""

from typing import Any

import pytest
from fastapi import Request
from starlette.datastructures import Headers

from fastprocesses_server.api.callers.credentials import COOKIE, cookie_at, session_in
from fastprocesses_server.api.callers.login import _cookie
from fastprocesses_server.api.services import SEEN
from fastprocesses_server.settings import Settings

MINE, OTHER = "m" * 43, "o" * 43


def session(*cookies: str, name: str = COOKIE) -> str:
    return session_in(Headers(raw=[(b"cookie", cookie.encode("latin-1")) for cookie in cookies]), name)


def test_the_cookie_is_found_among_others() -> None:
    for cookies in ([f"{COOKIE}={MINE}"], [f"a=b;{COOKIE}={MINE} ;c"], ["a=b", f"{COOKIE}={MINE}"]):
        assert session(*cookies) == MINE
    assert session(f"{COOKIE}={MINE}; {COOKIE}={MINE}") == MINE


def test_of_two_neither_counts() -> None:
    assert session(f"{COOKIE}={MINE}; {COOKIE}={OTHER}") == ""
    assert session(f"{COOKIE}={MINE}", f"{COOKIE}={OTHER}") == ""
    assert session(f"{COOKIE}={MINE}; {COOKIE}=") == ""


@pytest.mark.parametrize(
    "value", ["", '"', f'"{MINE}"', MINE + "m", MINE[1:], "é" * 43, f"{MINE[1:]}*", "%6d" * 43, "m" * 10**6]
)
def test_what_is_no_session_is_not_looked_up(value: str) -> None:
    assert session(f"{COOKIE}={value}") == ""


@pytest.mark.parametrize("name", [f"x{COOKIE}", COOKIE.upper(), f"__Host-{COOKIE}", f"{COOKIE}x", f'"{COOKIE}"'])
def test_other_names_are_other_cookies(name: str) -> None:
    assert session(f"{name}={MINE}") == ""


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("https://maps.example", "__Host-fp_session"),
        ("https://maps.example:8443", "__Host-fp_session"),
        ("https://maps.example/ogc", "fp_session"),
        ("http://localhost:8000", "fp_session"),
    ],
)
def test_a_cookie_that_no_other_host_can_set_has_a_prefix(base: str, name: str) -> None:
    assert cookie_at(base) == name


def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_http() -> None:
    for base, path in (("https://maps.example", "/"), ("https://maps.example/ogc", "/ogc")):
        services: Any = type("Services", (), {"settings": Settings(public_url=base)})
        request = Request({"type": "http", "headers": [], SEEN: services})
        cookie = _cookie(request)
        assert cookie == {"key": cookie_at(base), "path": path, "secure": True, "httponly": True, "samesite": "lax"}
