"""`sentinel://…`: a replicated Redis, of which Sentinels know the primary."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEME = "sentinel://"
FORM = "sentinel://[[user]:password@]host1:26379,host2:26379,host3:26379/DB?master=NAME"
PORT = 26379

PARTS = re.compile(
    r"(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?(?P<hosts>[^/?#@]+)(?:/(?P<db>\d*))?(?:\?(?P<query>[^#]*))?"
)
MEMBERS = ("master", "sentinel_username", "sentinel_password")
TLS_MEMBERS = (
    *("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_password"),
    *("ssl_cert_reqs", "ssl_check_hostname"),
)
"""Of these and of `rediss://`. Here, any of them has all connections use TLS."""


@dataclass(frozen=True, slots=True)
class SentinelUrl:
    """Where the Sentinels are, the name that they know the primary by, and how both let us in."""

    sentinels: tuple[tuple[str, int], ...]
    master: str
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
    tls: Mapping[str, str] = field(default_factory=dict, repr=False)
    """How, where connections are to use TLS; empty where not."""


def read_sentinel_url(url: str) -> SentinelUrl:
    """The parts of the URL, whose text may be secret and is not quoted.

    Raises:
        ValueError: with what is wrong, and the form.
    """
    parts = PARTS.fullmatch(url.removeprefix(SCHEME))
    if parts is None:
        raise ValueError(f"must be {FORM}, with %XX for other characters in a password")
    members = dict(parse_qsl(parts["query"] or ""))
    if not members.get("master"):
        raise ValueError(f"does not name the primary: end it with ?master=NAME, as in {FORM}")
    if not members.keys() <= {*MEMBERS, *TLS_MEMBERS}:
        raise ValueError(f"may have after the ? only {', '.join((*MEMBERS, *TLS_MEMBERS))}, joined by &")
    return SentinelUrl(
        tuple(_address(host, number) for number, host in enumerate(parts["hosts"].split(","), 1)),
        members["master"],
        int(parts["db"] or 0),
        unquote(parts["user"] or "") or None,
        unquote(parts["password"] or "") or None,
        members.get("sentinel_username"),
        members.get("sentinel_password"),
        {name: value for name, value in members.items() if name in TLS_MEMBERS},
    )


def _address(text: str, number: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text.strip()}")
        host, port = parts.hostname, PORT if parts.port is None else parts.port
    except ValueError:
        host = None
    if not host or not port:
        raise ValueError(f"has no host:port as Sentinel {number}; it must be {FORM}")
    return host, port
