"""What whoever runs the server should know of who may call it, as the settings have it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from ..processes.registry import Registry
from ..settings import Settings
from .hosts import is_loopback


def exposures(settings: Settings, registry: Registry) -> list[str]:
    """A line for each, for the log of the start."""
    said = []
    if not settings.asks_who and settings.is_public:
        where = f"FP_HOST={settings.host}: whoever reaches port {settings.port} may run processes and see all jobs"
        said.append(f"{where}; FP_AUTH=required asks callers for a key (docs/security.md)")
    closed = [process.id for process in registry.all_versions if process.access]
    if closed and not settings.asks_who:
        said.append(f"{', '.join(closed)}: nobody may run what has `access` while FP_AUTH is off")
    if settings.user_header and not settings.asks_who:
        said.append("FP_USER_HEADER is not read while FP_AUTH is off")
    if settings.takes_tokens and not settings.asks_who:
        said.append("FP_JWT_ISSUER is not read while FP_AUTH is off")
    return said + [f"{what}; {remedy}" for what, remedy in open_ways(settings)]


def open_ways(settings: Settings) -> Iterator[tuple[str, str]]:
    """URLs by which tokens can be forged or seen on their way, and the remedy for each."""
    if settings.jwt_jwks_url and is_open(settings.jwt_jwks_url):
        what = (
            f"FP_JWT_JWKS_URL={settings.jwt_jwks_url} has no TLS: who is on the way may put in own keys, and be anybody"
        )
        yield what, "use https, or a network that nobody else is in"
    if settings.jwt_issuer and is_open(settings.jwt_issuer):
        what = f"FP_JWT_ISSUER={settings.jwt_issuer} has no TLS: who is on the way sees tokens as callers get them"
        yield what, "have the issuer reached by https"


def is_open(url: str) -> bool:
    """Whether it leads over a network without TLS."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")
