"""Sync or async, of every process and every preference, with the default of the standard and the other one."""

from typing import Literal

import pytest

from fastprocesses_server.execution.mode import choose_mode
from fastprocesses_server.execution.preference import read_preference
from fastprocesses_server.processes.description import Process

SYNC, ASYNC, BOTH = ["sync-execute"], ["async-execute"], ["sync-execute", "async-execute"]


@pytest.mark.parametrize(
    ("options", "prefer", "default", "wait"),
    [
        (BOTH, "", "sync", None),
        (BOTH, "", "async", 0),
        (BOTH, "return=minimal", "async", 0),
        (BOTH, "respond-async", "sync", 0),
        (BOTH, "respond-async", "async", 0),
        (BOTH, "respond-sync", "sync", None),
        (BOTH, "respond-sync", "async", None),
        (BOTH, "wait=5", "sync", 5),
        (BOTH, "wait=5", "async", 5),
        (SYNC, "", "async", None),
        (SYNC, "respond-async", "async", None),
        (ASYNC, "", "sync", 0),
        (ASYNC, "respond-sync", "async", 0),
    ],
)
def test_the_mode_follows_the_process_then_the_client_then_the_default(
    options: list[str], prefer: str, default: Literal["sync", "async"], wait: float | None
) -> None:
    process = Process.model_validate(
        {"id": "p", "version": "1", "callable": "a:b", "fingerprint": "", "source": "", "jobControlOptions": options}
    )
    assert choose_mode(process, read_preference([prefer]), default).wait == wait
