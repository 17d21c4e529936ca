"""Whose word is taken for where a request came from."""

from fastapi import Request

from fastprocesses_server.api.base_url import is_trusted_proxy, urls_for
from fastprocesses_server.settings import Settings

FORWARDED = [(b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"example.org"), (b"x-forwarded-prefix", b"/ogc")]


def request_of(client: tuple[str, int] | None) -> Request:
    where = {"scheme": "http", "server": ("localhost", 8000), "path": "/", "query_string": b""}
    return Request({"type": "http", "client": client, "headers": [(b"host", b"localhost"), *FORWARDED], **where})


def test_whoever_reaches_the_unix_socket_is_believed_where_that_is_set() -> None:
    believing, strict = Settings(trusted_proxies=("unix",)), Settings(trusted_proxies=("10.0.0.0/8",))
    assert is_trusted_proxy(request_of(None), believing)
    assert not is_trusted_proxy(request_of(None), strict)
    assert not is_trusted_proxy(request_of(None), Settings())
    assert not is_trusted_proxy(request_of(("10.0.0.1", 1)), believing)
    assert is_trusted_proxy(request_of(("10.0.0.1", 1)), strict)
    assert urls_for(request_of(None), believing).base == "https://example.org/ogc"
    assert urls_for(request_of(None), strict).base == "http://localhost"
