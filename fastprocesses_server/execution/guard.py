"""Which URLs, hosts and addresses may be asked: public ones, or those that the settings name on purpose.

It decides only; what connects by it is `outgoing`.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from ..settings.kinds import read_network
from ..settings.operation import Outgoing

if TYPE_CHECKING:
    import httpx

Address = IPv4Address | IPv6Address
Resolve = Callable[..., Sequence[Any]]

PORTS = {"http": 80, "https": 443}
LOWEST_FREE_PORT = 1024
"""Below are mail servers and other things that take an HTTP request for something else."""

HIGHEST_PORT = 65535

LOOK_UPS = 16
"""At once; threads of their own, as a name server that never answers holds them."""

GLOBAL_UNICAST = ip_network("2000::/3")
"""The only IPv6 addresses that are anyone's; IPv4 in IPv6 and NAT64 lie outside."""

UNSAFE = tuple(
    map(
        ip_network,
        (
            "168.63.129.16/32",  # the host of a virtual machine at Azure
            "192.0.0.0/24",  # of protocols, and the host of a virtual machine at Oracle
            "192.88.99.0/24",  # relays to IPv6
            "2001::/23",  # Teredo, and others of protocols
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
        ),
    )
)
"""What `is_global` takes for public although it may lead inside."""

NO_REFERENCES = "references are not fetched here (FP_REFERENCES is off): send the value itself"
NO_CALLBACKS = "callbacks are not sent from here (FP_CALLBACKS is off): ask for the job's status instead"


class Forbidden(Exception):
    """A URL, host or address that must not be asked; the text is for the client."""


class UnknownHost(Forbidden):
    """A name without an address."""


def is_public(address: Address) -> bool:
    address = _plain(address)
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    unsafe = any(address in network for network in UNSAFE if network.version == address.version)
    return address.is_global and not address.is_multicast and not address.is_reserved and not unsafe


class Guard:
    """Decides by name and address.

    `allowed` names hosts (`*.example.org` for all below one), addresses and networks; where it is empty, what is
    public may be asked. `off` is why nothing may. Where requests go through a proxy, hosts that are named are looked up
    there.
    """

    def __init__(
        self,
        allowed: Iterable[str] = (),
        resolve: Resolve = socket.getaddrinfo,
        *,
        off: str = "",
        is_proxied: bool = False,
    ) -> None:
        entries = list(allowed)
        names = [_ascii_name(entry) for entry in entries if not read_network(entry)]
        self.networks = [network for entry in entries if (network := read_network(entry))]
        self.names = {name for name in names if not name.startswith("*.")}
        self.endings = tuple(name.removeprefix("*") for name in names if name.startswith("*."))
        self.takes_public = not entries
        self.resolve = resolve
        self.off = off
        self.is_proxied = is_proxied

    def check_url(self, url: "httpx.URL") -> None:
        """What can be told without a look-up. Raises Forbidden."""
        if self.off:
            raise Forbidden(self.off)
        if url.scheme not in PORTS:
            raise Forbidden(f"only http and https can be asked, not {url.scheme or 'a relative reference'}")
        if url.userinfo:
            raise Forbidden("a URL with a user name or password is not taken")
        if not _names_host(url):
            raise Forbidden("the URL names no host")
        host, port = host_and_port(url)
        if not 0 < port <= HIGHEST_PORT:
            raise Forbidden(f"there is no port {port}")
        if self.takes_public and port < LOWEST_FREE_PORT and port not in PORTS.values():
            raise Forbidden(f"port {port} must not be asked from here, only 80, 443 and those above 1023")
        if not self.takes_public and not self.networks and not self._is_named(host):
            raise Forbidden(f"the host {host} must not be asked from here")

    def address_for(self, host: str, port: int) -> str:
        """The address to connect to, looked up once; the host itself where a proxy is to look up what is named.

        Raises:
            Forbidden: one of its addresses must not be asked.
        """
        is_named = self._is_named(host)
        if is_named and self.is_proxied:
            return host
        addresses = self._look_up(host, port)
        if not is_named and not all(map(self._is_allowed, addresses)):
            raise Forbidden(f"the host {host} must not be asked from here")
        return str(addresses[0])

    async def address_for_async(self, host: str, port: int) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.address_for, host, port)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(LOOK_UPS, "look-up")

    def _look_up(self, host: str, port: int) -> list[Address]:
        try:
            found = self.resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError):  # a ValueError where it is no name at all
            raise UnknownHost(f"the host {host} is not known") from None
        return [ip_address(entry[4][0].partition("%")[0]) for entry in found]

    def _is_named(self, host: str) -> bool:
        name = host.rstrip(".").lower()
        return name in self.names or name.endswith(self.endings)

    def _is_allowed(self, address: Address) -> bool:
        if self.takes_public:
            return is_public(address)
        address = _plain(address)
        return any(address in network for network in self.networks if network.version == address.version)


def guard_references(settings: Outgoing) -> Guard:
    return _guard(settings, "" if settings.references else NO_REFERENCES)


def guard_callbacks(settings: Outgoing) -> Guard:
    return _guard(settings, "" if settings.callbacks else NO_CALLBACKS)


def guard_host(host: str, settings: Outgoing) -> Guard:
    """For what the operator named, so that it may be a private one; redirects lead to no other."""
    return Guard([host], is_proxied=settings.outgoing_proxy is not None)


def _guard(settings: Outgoing, off: str) -> Guard:
    return Guard(settings.reference_hosts, off=off, is_proxied=settings.outgoing_proxy is not None)


def host_and_port(url: "httpx.URL") -> tuple[str, int]:
    """As they are looked up: a name of other letters in its ASCII form."""
    return url.raw_host.decode("ascii"), PORTS[url.scheme] if url.port is None else url.port


def _names_host(url: "httpx.URL") -> bool:
    try:
        return bool(url.host)
    except UnicodeError:  # an `xn--` that stands for no name
        return False


def _plain(address: Address) -> Address:
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _ascii_name(entry: str) -> str:
    entry = entry.strip()
    wildcard, name = ("*.", entry[2:]) if entry.startswith("*.") else ("", entry)
    from httpx import URL  # noqa: PLC0415 - its library takes 7 MB, and few servers name a host

    return wildcard + URL(scheme="https", host=name.rstrip(".")).raw_host.decode("ascii")
