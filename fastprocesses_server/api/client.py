"""Who is counted for a request: the caller by name, else the address that it comes from."""

from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from fastapi import Request

from ..settings import Settings
from ..settings.service import UNIX
from .callers.caller import caller_of

Address = IPv4Address | IPv6Address
HOUSEHOLD = 64
"""Bits of an IPv6 address that all of one household or machine have in common."""


def client_of(request: Request, settings: Settings) -> str:
    return caller_of(request).name or address_of(request, settings)


def address_of(request: Request, settings: Settings) -> str:
    """As far as the proxies of the settings tell it."""
    peer = request.client.host if request.client else ""
    return origin(peer, request.headers.getlist("x-forwarded-for"), settings.trusted_proxies)


def origin(peer: str, forwarded: Sequence[str], trusted: tuple[str, ...]) -> str:
    """An address, or the network that stands for it; the last that a trusted proxy names and that is no such proxy.

    What stands before that, anybody may have written.
    """
    address = read_address(peer)
    is_proxy = is_in(address, trusted) if address else not peer and UNIX in trusted
    hops = [hop.strip() for header in forwarded for hop in header.split(",")]
    while hops and is_proxy:
        before = read_address(_without_port(hops.pop()))
        if before is None:
            break
        address, is_proxy = before, is_in(before, trusted)
    if address is None:
        return peer or "socket"  # of this machine
    return str(ip_network((address, HOUSEHOLD), strict=False)) if address.version == 6 else str(address)


def read_address(text: str) -> Address | None:
    """An IPv4 address that is written as an IPv6 one, by a socket that listens to both, is an IPv4 one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_in(address: Address, names: tuple[str, ...]) -> bool:
    return any(address in network for network in _networks(names))


@cache
def _networks(names: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(name, strict=False) for name in names if name != UNIX)


def _without_port(hop: str) -> str:
    """`[2001:db8::1]:4711`, `192.0.2.1:4711`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
