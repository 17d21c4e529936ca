"""The base of every URL: the public URL, or a host that can be trusted."""

import re
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Request

from ..links import Urls
from ..settings import Settings

HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def urls_for(request: Request, settings: Settings) -> Urls:
    """The public URL where it is set. A `Host` header is believed only if it is loopback or named in the settings."""
    if settings.public_url:
        return Urls(settings.public_url.rstrip("/"))
    scheme, host = request.scope["scheme"], request.headers.get("host", "")
    if is_trusted_proxy(request, settings):
        scheme = _first(request.headers.get("x-forwarded-proto")) or scheme
        host = _first(request.headers.get("x-forwarded-host")) or host
        return Urls(f"{scheme}://{host}{_prefix(request)}")
    match = HOST.fullmatch(host)
    if match and (match[1].lower() in LOOPBACK or match[1].lower() in map(str.lower, settings.trusted_hosts)):
        return Urls(f"{scheme}://{host}")
    return Urls(f"{scheme}://{settings.host}:{settings.port}")


def _first(header: str | None) -> str:
    return (header or "").split(",")[0].strip()


def _prefix(request: Request) -> str:
    return _first(request.headers.get("x-forwarded-prefix")).rstrip("/")


def is_trusted_proxy(request: Request, settings: Settings) -> bool:
    """Whether the request comes from one, by the address of the connection."""
    if not settings.trusted_proxies or not request.client:
        return False
    try:
        address = ip_address(request.client.host)
    except ValueError:  # a socket of this machine has no address
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # of a socket that listens to both
    return any(address in ip_network(network, strict=False) for network in settings.trusted_proxies)
