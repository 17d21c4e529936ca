"""The host that a request names, and whether this server answers to it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..errors import MisdirectedRequest, MistakenHost
from ..settings import Settings

FORM = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?")
HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Host:
    """In lower case, an IPv6 address in brackets, no dot at the end; `port` is empty where none is named."""

    name: str
    port: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.port}" if self.port else self.name

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.name)

    @property
    def is_address(self) -> bool:
        try:
            ip_address(self.name.strip("[]"))
        except ValueError:
            return False
        return True

    def is_named(self, names: Collection[str]) -> bool:
        return self.name in map(str.lower, names)


@lru_cache(maxsize=128)
def read_host(text: str) -> Host | None:
    """None for what is no host: with user names, paths, percent signs or anything that is not ASCII (RFC 9110, 7.2)."""
    match = FORM.fullmatch(text)
    if match is None or int(match["port"] or 0) > HIGHEST_PORT:
        return None
    host = Host(match["name"].lower().removesuffix("."), match["port"] or "")
    if not host.name or (host.name.startswith("[") and not host.is_address):
        return None
    return host


@lru_cache(maxsize=128)
def _is_loopback_address(name: str) -> bool:
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        return False
    return address.is_loopback or bool((mapped := getattr(address, "ipv4_mapped", None)) and mapped.is_loopback)


def is_loopback(name: str) -> bool:
    """Whether it means this machine, whoever asks: browsers ask no DNS for names below `localhost` (RFC 6761)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return name[:1] in "[0123456789:" and _is_loopback_address(name)


def is_private(settings: Settings) -> bool:
    """Whether the server is for people at this machine alone, who need not say who they are.

    A public URL or a proxy means that others come too, by whatever host the proxy or tunnel names.
    """
    public = urlsplit(settings.public_url or "http://localhost").hostname or ""
    is_published = bool(settings.trusted_proxies) or settings.unix_socket is not None or not is_loopback(public)
    return settings.auth != "required" and not settings.is_public and not is_published


def check_host(named: Sequence[str], settings: Settings) -> None:
    """Of a request, which names none in HTTP 1.0.

    A private server is protected from pages of other sites: their names may be made to lead to this machine (DNS
    rebinding), and then its browser takes them and us for one site. That is not possible with an address.

    Raises:
        MistakenHost: it is none, or there are two (RFC 9112, 3.2).
        MisdirectedRequest: the server is private, and somebody else is meant.
    """
    if named in ([], [""]):
        return
    host = read_host(named[0]) if len(named) == 1 else None
    if host is None:
        raise MistakenHost("The request must have one header Host, with a name or an address and perhaps a port.")
    if host.is_loopback or not is_private(settings) or host.is_named(settings.trusted_hosts) or host.is_address:
        return
    raise MisdirectedRequest(
        f"This server answers at localhost alone, and not as {host.name}. "
        "Set FP_PUBLIC_URL to the URL that clients reach it by, or name the host in FP_TRUSTED_HOSTS."
    )
