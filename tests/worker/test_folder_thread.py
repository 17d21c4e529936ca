"""The thread that looks after the folder of results."""

import os
from pathlib import Path
from typing import Any

import pytest
from upper import make_registry

from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.leases import Leases
from fastprocesses_server.settings import Settings
from fastprocesses_server.worker import app


class Left(BaseException):
    """In the place of the end of this process."""


def test_a_worker_that_cannot_look_on_ends(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(status: int) -> None:
        raise Left(status)

    def look(_: Path) -> Any:
        raise RuntimeError("not foreseen")

    settings = Settings(redis_url=redis_url, results_dir=tmp_path)  # type: ignore[arg-type]
    leases = Leases(connect(redis_url), settings, make_registry(), "one", ("default",))
    monkeypatch.setattr(leases, "look_at", look)
    monkeypatch.setattr(os, "_exit", leave)
    with pytest.raises(Left, match="1"):
        app._look_after_folder(settings, leases)
