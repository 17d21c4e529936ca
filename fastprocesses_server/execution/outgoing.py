"""The one way out: the client of references and callbacks, which asks only where its guard lets it.

The address that was checked is the one that is connected to, at every redirect anew; host name and TLS stay as they
were asked for. The environment counts for nothing, and what one answer says is forgotten before the next request.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpcore
import httpx
from pydantic import SecretStr

from ..settings.operation import Outgoing
from .guard import Guard, host_and_port

MOST_REDIRECTS = 3
CONNECT_SECONDS = 5
SILENCE_SECONDS = 15


def create_client(guard: Guard, settings: Outgoing) -> httpx.AsyncClient:
    """To be closed by who asks for it. Its requests raise Forbidden."""
    certificates = _certificates(settings.outgoing_ca_bundle)
    proxy = _proxy(settings.outgoing_proxy, certificates)
    transport = httpx.AsyncHTTPTransport(verify=certificates, trust_env=False, proxy=proxy)
    if proxy is None:
        transport._pool._network_backend = _Backend(guard)  # noqa: SLF001 - httpx passes no backend on

    async def check(request: httpx.Request) -> None:
        guard.check_url(request.url)
        if proxy is not None:
            await guard.address_for_async(*host_and_port(request.url))

    return httpx.AsyncClient(transport=transport, event_hooks={"request": [check]}, cookies=_no_cookies(), **_OPTIONS)


_OPTIONS: dict[str, Any] = {
    "follow_redirects": False,  # httpx reads all that comes with a redirect; `get` does not
    "headers": {"Accept-Encoding": "identity", "User-Agent": "fastprocesses-server"},
    "timeout": httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
    "trust_env": False,
}


@asynccontextmanager
async def get(client: httpx.AsyncClient, href: str) -> AsyncIterator[httpx.Response]:
    """The answer to which at most three redirects lead; its body is not read yet.

    Raises:
        httpx.HTTPError, httpx.InvalidURL, Forbidden: there is none, or it must not be asked for.
    """
    request = client.build_request("GET", href)
    for _ in range(MOST_REDIRECTS + 1):
        response = await client.send(request, stream=True)
        try:
            if response.next_request is None:
                yield response
                return
            request = response.next_request
        finally:
            await response.aclose()
    raise httpx.TooManyRedirects(f"more than {MOST_REDIRECTS} redirects", request=request)


@cache
def _certificates(bundle: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=bundle) if bundle else httpx.create_ssl_context(trust_env=False)


def _proxy(url: SecretStr | None, certificates: ssl.SSLContext) -> httpx.Proxy | None:
    if url is None:
        return None
    proxy = httpx.Proxy(url.get_secret_value())
    proxy.ssl_context = certificates if proxy.url.scheme == "https" else None
    return proxy


def _no_cookies() -> CookieJar:
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


class _Backend(httpcore.AnyIOBackend):
    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    async def connect_tcp(self, host: str, port: int, *arguments: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        address = await self.guard.address_for_async(host, port)
        return await super().connect_tcp(address, port, *arguments, **options)
