"""Outgoing requests: only to public addresses, or to hosts and networks that the settings name on purpose.

The address that was checked is the one that is connected to, at every redirect anew; host name and TLS stay as they
were asked for.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore
import httpx

Address = IPv4Address | IPv6Address
Resolve = Callable[..., Sequence[Any]]

MOST_REDIRECTS = 3
CONNECT_SECONDS = 5
SILENCE_SECONDS = 15

UNSAFE = tuple(
    map(
        ip_network,
        (
            "192.88.99.0/24",  # relays to IPv6
            "::/96",  # IPv4 in IPv6, the old way
            "64:ff9b::/96",  # NAT64
            "64:ff9b:1::/48",
            "2001::/32",  # Teredo
            "2002::/16",  # 6to4
            "fec0::/10",  # the old site-local addresses
        ),
    )
)
"""What `is_global` takes for public although it may lead inside."""


class Forbidden(Exception):
    """An address that must not be asked; the text is for the client."""


def is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    unsafe = any(address in network for network in UNSAFE if network.version == address.version)
    return address.is_global and not address.is_multicast and not address.is_reserved and not unsafe


class Guard:
    """Decides by name and address. `allowed` names hosts, addresses and networks; where it is empty, what is public."""

    def __init__(self, allowed: Iterable[str] = (), resolve: Resolve = socket.getaddrinfo) -> None:
        entries = [entry.strip().rstrip(".").lower() for entry in allowed]
        self.networks = [network for entry in entries if (network := _network(entry))]
        self.names = {entry for entry in entries if not _network(entry)}
        self.resolve = resolve

    def check_url(self, url: httpx.URL) -> None:
        """What can be told without a look-up."""
        if url.scheme not in ("http", "https"):
            raise Forbidden(f"only http and https can be fetched, not {url.scheme or 'a relative reference'}")
        if url.userinfo:
            raise Forbidden("a URL with a user name or password is not taken")
        if not url.host:
            raise Forbidden("the URL names no host")
        if self.names and not self.networks and url.host.rstrip(".").lower() not in self.names:
            raise Forbidden(f"the host {url.host} must not be asked from here")

    def address_for(self, host: str, port: int) -> str:
        """The address to connect to, looked up once."""
        return self._choose(host, self._look_up(host, port))

    async def address_for_async(self, host: str, port: int) -> str:
        return self._choose(host, await asyncio.to_thread(self._look_up, host, port))

    def _look_up(self, host: str, port: int) -> list[Address]:
        try:
            found = self.resolve(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"the host {host} is not known") from error
        return [ip_address(entry[4][0].partition("%")[0]) for entry in found]

    def _choose(self, host: str, addresses: Sequence[Address]) -> str:
        by_name = host.rstrip(".").lower() in self.names
        for address in addresses:
            if not by_name and not self._is_allowed(address):
                raise Forbidden(f"the host {host} must not be asked from here")
        return str(addresses[0])

    def _is_allowed(self, address: Address) -> bool:
        if not self.names and not self.networks:
            return is_public(address)
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks if network.version == address.version)

    def client(self) -> httpx.Client:
        """For threads; to be closed by who asks for it."""
        transport = httpx.HTTPTransport(retries=0)
        transport._pool._network_backend = _Backend(self)  # noqa: SLF001 - httpx passes no backend on
        return httpx.Client(transport=transport, event_hooks={"request": [self._check]}, **_OPTIONS)

    def async_client(self) -> httpx.AsyncClient:
        """For an event loop; to be closed by who asks for it."""
        transport = httpx.AsyncHTTPTransport(retries=0)
        transport._pool._network_backend = _AsyncBackend(self)  # noqa: SLF001 - httpx passes no backend on
        return httpx.AsyncClient(transport=transport, event_hooks={"request": [self._check_async]}, **_OPTIONS)

    def _check(self, request: httpx.Request) -> None:
        self.check_url(request.url)

    async def _check_async(self, request: httpx.Request) -> None:
        self.check_url(request.url)


_OPTIONS: dict[str, Any] = {
    "follow_redirects": True,
    "headers": {"Accept-Encoding": "identity", "User-Agent": "fastprocesses-server"},
    "max_redirects": MOST_REDIRECTS,
    "timeout": httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
    "trust_env": False,
}


def _network(entry: str) -> Any:
    try:
        return ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


class _Backend(httpcore.SyncBackend):
    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    def connect_tcp(self, host: str, port: int, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        return super().connect_tcp(self.guard.address_for(host, port), port, *arguments, **options)

    def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.NetworkStream:
        raise Forbidden(f"{path} is a socket of this machine")


class _AsyncBackend(httpcore.AnyIOBackend):
    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    async def connect_tcp(self, host: str, port: int, *arguments: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        address = await self.guard.address_for_async(host, port)
        return await super().connect_tcp(address, port, *arguments, **options)

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise Forbidden(f"{path} is a socket of this machine")
