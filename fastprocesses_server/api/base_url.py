"""The base of every URL: the public URL, or a host that can be trusted."""

import re
from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import Headers

from ..links import Urls
from ..settings import Settings
from ..settings.service import UNIX
from .client import is_in, read_address
from .hosts import Host, read_host

PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - read, not bound


def urls_for(request: Request, settings: Settings) -> Urls:
    """The public URL where it is set; else what a trusted proxy says, or the header `Host`.

    A host is believed if it is loopback or named in the settings, and from a proxy any, unless the settings name some.
    What cannot be believed is answered with the address that the server listens on.
    """
    if settings.public_url:
        return Urls(settings.public_url.rstrip("/"))
    scheme, prefix, host = request.scope["scheme"], "", read_host(request.headers.get("host", ""))
    by_proxy = is_trusted_proxy(request, settings)
    if by_proxy:
        scheme, prefix, host = _told(request.headers, scheme, host)
    if host and (is_believed(host, settings) or (by_proxy and not settings.trusted_hosts)):
        return Urls(f"{scheme}://{host}{prefix}")
    return Urls(f"{scheme}://{_own_address(request.scope, settings)}{prefix}")


def is_believed(host: Host, settings: Settings) -> bool:
    return host.is_loopback or host.is_named(settings.trusted_hosts)


def _told(headers: Headers, scheme: str, host: Host | None) -> tuple[str, str, Host | None]:
    """Scheme, prefix and host in the words of the proxy, as far as they have a meaning."""
    if (told := _last(headers, "x-forwarded-proto").lower()) in ("http", "https"):
        scheme = told
    if told := _last(headers, "x-forwarded-host"):
        host = read_host(told)
    prefix = _last(headers, "x-forwarded-prefix")
    return scheme, prefix.rstrip("/") if PREFIX.fullmatch(prefix) else "", host


def _last(headers: Headers, name: str) -> str:
    """Proxies that keep what came before them put theirs behind it: only the last was not written by a client."""
    values = headers.getlist(name)
    return values[-1].rpartition(",")[2].strip() if values else ""


def _own_address(scope: Mapping[str, object], settings: Settings) -> str:
    """Of a server that listens everywhere: where this connection ended."""
    name, port = settings.host, settings.port
    match scope.get("server"):
        case (str(own), int(own_port)) if name in WILDCARDS:
            name, port = own, own_port
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def is_trusted_proxy(request: Request, settings: Settings) -> bool:
    """Whether the request comes from one, by the address of the connection."""
    if not settings.trusted_proxies:
        return False
    if not request.client:  # on a Unix socket nobody has an address
        return UNIX in settings.trusted_proxies
    address = read_address(request.client.host)
    return address is not None and is_in(address, settings.trusted_proxies)
