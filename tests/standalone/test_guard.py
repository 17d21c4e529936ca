"""A program's family is found whatever its members did to leave it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import wait_until

from fastprocesses_server.standalone import guard
from fastprocesses_server.standalone.program import helper

MARK = "a-mark-of-this-test"
# What a job can do: a process group of its own, a session of its own, a session with an environment of its own.
LEADER = """
import os, subprocess
subprocess.Popen(["sleep", "1000"], process_group=0)
subprocess.Popen(["sleep", "1000"], start_new_session=True)
subprocess.Popen(["sleep", "1000"], start_new_session=True, env={"PATH": os.environ["PATH"]})
print("ready", flush=True)
signal = __import__("signal").pause()
"""


@pytest.fixture
def leader() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", LEADER],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, guard.MARK: MARK},
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    yield process
    guard.end(family_of(process))
    process.wait(10)
    process.stdout.close()


def family_of(process: "subprocess.Popen[str]") -> guard.Family:
    return guard.Family(process.pid, signal.SIGKILL, MARK)


def test_a_family_has_those_with_groups_and_sessions_of_their_own(leader: "subprocess.Popen[str]") -> None:
    assert len(guard.members(family_of(leader))) == 4


def test_ps_tells_what_proc_tells(leader: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("ps"):
        pytest.skip("there is no ps here")
    members = guard.members(family_of(leader))
    monkeypatch.setattr(guard, "PROC", Path("/nowhere"))
    assert guard.members(family_of(leader)) == members


def test_orphans_are_told_by_their_session_or_their_mark(leader: "subprocess.Popen[str]") -> None:
    if not Path("/proc/self/environ").exists():
        pytest.skip("environments of others are read from /proc")
    nobodys = [pid for pid in guard.members(family_of(leader)) if MARK not in environment_of(pid)]
    leader.kill()
    leader.wait(10)
    assert len(guard.members(family_of(leader))) == 2
    os.kill(*nobodys, signal.SIGKILL)


def environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text()


def test_the_end_of_a_family_leaves_nobody(leader: "subprocess.Popen[str]") -> None:
    family = family_of(leader)
    guard.end(family)
    assert not guard.members(family)


def test_a_leader_that_answers_its_death_signal_may_finish(tmp_path: Path) -> None:
    written = tmp_path / "written"
    script = f"trap 'echo done > {written}; exit' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        guard.end(guard.Family(process.pid, signal.SIGTERM, MARK))
    assert written.read_text() == "done\n"


def test_a_leader_that_ignores_its_death_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "LEADER_SECONDS", 0.1)
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        guard.end(guard.Family(process.pid, signal.SIGTERM, MARK))
        assert process.wait(10) == -signal.SIGKILL


def test_the_guard_ends_only_those_that_it_was_not_told_to_forget() -> None:
    stayed, ended = (subprocess.Popen(["sleep", "1000"], start_new_session=True) for _ in range(2))
    told = "".join(
        f"{sign} {process.pid} {int(signal.SIGKILL)} {MARK}\n"
        for sign, process in (("+", stayed), ("+", ended), ("-", stayed))
    )
    subprocess.run(helper("guard"), input=told, text=True, check=True, timeout=20)
    assert ended.wait(10) == -signal.SIGKILL
    assert stayed.poll() is None
    stayed.kill()
    stayed.wait(10)


def test_the_guard_ignores_what_a_terminal_sends() -> None:
    with subprocess.Popen(helper("guard"), stdin=subprocess.PIPE) as process:
        wait_until(lambda: ignores(process.pid, signal.SIGHUP))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)
        time.sleep(0.1)
        assert process.poll() is None


def ignores(pid: int, number: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn"))
    return bool(int(mask, 16) >> (number - 1) & 1)
