"""The transitions of a job's life, one Lua script each (folder `lua`), on the server's clock."""

from importlib.resources import files
from typing import Any

from .. import fail_points
from .counts import JOB_BOUNDS

NAMES = (
    "beat",
    "claim",
    "commit",
    "count",
    "create",
    "decline",
    "dispatch",
    "dismiss",
    "follow",
    "give_back",
    "gone",
    "identify",
    "list",
    "measure",
    "overrun",
    "progress",
    "reap",
    "remove",
    "retry",
    "reveal",
    "say",
    "settle",
    "take",
)

# Milliseconds. A worker that was silent for a lease is suspected; a second look decides.
SUSPICION = 4_000
SEND_AGAIN = 3_000
REAP = (SUSPICION, SEND_AGAIN)
"""Arguments of `reap`, before the lease."""
DECLINED = (1_000, 60_000)
"""The last arguments of `decline`."""
BEAT_SECONDS = 1.0

NO_AUDIT = "local function audit() end\n"
BOUNDS = ", ".join(map(str, (*JOB_BOUNDS, "math.huge")))


def load_transitions(client: Any) -> dict[str, Any]:
    """Each script, ready to be called on the client, which may be for threads or for an event loop."""
    folder = files(__package__) / "lua"
    audit = (folder / "audit.lua").read_text(encoding="utf-8") if fail_points.ARE_ON else NO_AUDIT
    prelude = audit + (folder / "prelude.lua").read_text(encoding="utf-8").replace("BOUNDS", BOUNDS)
    return {
        name: client.register_script(prelude + (folder / f"{name}.lua").read_text(encoding="utf-8")) for name in NAMES
    }
