"""Whose jobs a caller sees. Those of others are as if they were not there."""

from dataclasses import dataclass

from fastapi import Request

from ..services import services_of
from .caller import Caller, caller_of


@dataclass(frozen=True, slots=True)
class View:
    """What a caller sees of the jobs."""

    caller: Caller
    is_everybodys: bool
    """Nobody has to say who they are, and a job is everybody's who knows its id."""
    is_shared: bool
    """Everybody may see everybody's jobs."""

    def owns(self, maker: str) -> bool:
        """Whether the jobs of that maker are the caller's to dismiss. What nobody known has made is nobody's known."""
        return self.is_everybodys or self.caller.is_admin or maker == self.caller.name

    def shows(self, maker: str) -> bool:
        """Whether there are jobs of that maker, as the caller sees it."""
        return self.is_shared or self.owns(maker)

    @property
    def listed(self) -> str | None:
        """Whose jobs the job list has; None where it has everybody's. An unknown caller's own cannot be told apart."""
        return None if self.is_everybodys or self.is_shared or self.caller.is_admin else self.caller.name


def view_of(request: Request) -> View:
    settings = services_of(request).settings
    return View(caller_of(request), not settings.asks_who, settings.job_list == "all")
