"""Which processes a caller may use; those are all that the caller sees."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace

from ...errors import Forbidden, Problem, Unauthorized
from ...processes.description import Process
from ...processes.registry import Registry
from ...settings import Settings
from .caller import Caller
from .credentials import REMEDY

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
