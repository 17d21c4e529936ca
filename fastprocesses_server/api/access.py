"""Which processes a caller may use; those are all that the caller sees."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from ..errors import Forbidden, Problem, Unauthorized
from ..processes.description import Process
from ..processes.registry import Registry
from ..settings import Settings
from .caller import Caller
from .credentials import REMEDY
from .hosts import is_loopback

MOST_VIEWS = 256


def may_use(process: Process, caller: Caller) -> bool:
    return process.access is None or caller.is_admin or not caller.roles.isdisjoint(process.access.roles)


def visible(registry: Registry, caller: Caller) -> Registry:
    """With the versions that the caller may use."""
    return replace(
        registry,
        processes={name: process for name, process in registry.processes.items() if may_use(process, caller)},
        older={name: process for name, process in registry.older.items() if may_use(process, caller)},
    )


def refusal(process: Process, caller: Caller, settings: Settings) -> Problem:
    """Of a process that the caller may not use, with the remedy."""
    if not settings.asks_who:
        return Unauthorized(f"{process.id} has `access`, and nobody is known here: FP_AUTH is off.")
    if not caller.name:
        return Unauthorized(f"{process.id} is not for everybody. {REMEDY}")
    roles = ", ".join(process.access.roles) if process.access else ""
    return Forbidden(f"{process.id} is for those with one of these roles: {roles or 'admin'}. The operator gives them.")


def exposures(settings: Settings, registry: Registry) -> list[str]:
    """What whoever starts the server should know of who may call it: a line for each."""
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


class Views:
    """Of one registry: callers with the same roles, as far as processes ask for them, see the same."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        asked = [process.access for process in registry.all_versions if process.access]
        self.registry = registry
        self.is_for_all = not asked and settings.auth != "required"
        self.hides_all = settings.auth == "required"
        self.roles = frozenset(role for access in asked for role in access.roles)
        self.kept: OrderedDict[Hashable, Registry] = OrderedDict()

    def key(self, caller: Caller) -> Hashable:
        """The same for callers who see the same; None for those who see everything."""
        if self.is_for_all or caller.is_admin:
            return None
        return caller.roles & self.roles, self.hides_all and not caller.name

    def of(self, caller: Caller) -> Registry:
        key = self.key(caller)
        if key is None:
            return self.registry
        if key not in self.kept:
            sees_none = self.hides_all and not caller.name
            self.kept[key] = Registry({}) if sees_none else visible(self.registry, caller)
            if len(self.kept) > MOST_VIEWS:
                self.kept.popitem(last=False)
        return self.kept[key]
