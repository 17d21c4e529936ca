"""Who sends a request."""

from dataclasses import dataclass

from fastapi import Request

ADMIN = "admin"
"""The role that sees and dismisses everybody's jobs, and runs every process."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Known by a name that no other caller has; by none where nobody has to say who they are."""

    name: str = ""
    roles: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles


NOBODY = Caller()


def caller_of(request: Request) -> Caller:
    caller: Caller = request.scope.get("state", {}).get("caller", NOBODY)
    return caller
