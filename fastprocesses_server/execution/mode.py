"""Sync or async: negotiated from `Prefer` and the process's `jobControlOptions` (table 1a of the standard)."""

from dataclasses import dataclass, field
from typing import Literal

from ..processes.description import JobControlOption, Process
from .preference import Preference


@dataclass(frozen=True, slots=True)
class Mode:
    """How long the client waits, in seconds: 0 is async, None until the end; a wait that ends leads to a 201."""

    wait: float | None
    preference: Preference = field(default_factory=Preference)

    @property
    def is_async(self) -> bool:
        return self.wait == 0

    def applied(self, *, created: bool) -> str:
        """`Preference-Applied` of a 201, or of results."""
        names = ["respond-async"] if created and self.preference.respond_async else []
        if self.wait:
            names.append(f"wait={self.wait:g}")
        return ", ".join(names)


def choose_mode(process: Process, preference: Preference, default: Literal["sync", "async"] = "sync") -> Mode:
    """`default` is for clients that prefer nothing; the standard knows only sync."""
    if not process.offers(JobControlOption.ASYNC_EXECUTE):
        return Mode(wait=None)
    if not process.offers(JobControlOption.SYNC_EXECUTE):
        return Mode(wait=0, preference=preference)
    if preference.wait is not None:
        return Mode(wait=preference.wait, preference=preference)
    by_default = default == "async" and not preference.respond_sync
    return Mode(wait=0 if preference.respond_async or by_default else None, preference=preference)
