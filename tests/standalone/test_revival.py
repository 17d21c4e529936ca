"""Workers that end by themselves are started again."""

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from serving import Client, Part, Server, is_running, shared_environment, wait_until
from supervised import Dev

from fastprocesses_server.standalone import supervisor as supervision
from fastprocesses_server.standalone.console import Console
from fastprocesses_server.standalone.interrupts import Interrupts
from fastprocesses_server.standalone.program import Program, Running
from fastprocesses_server.standalone.revival import ALARM, ALARM_AGAIN, PAUSES, STEADY_SECONDS, Revival
from fastprocesses_server.standalone.supervisor import Supervisor

StartDev = Callable[..., Dev]

# It ends a while after it was asked to, so that others can be asked meanwhile.
FAREWELL = """
import signal, sys, time
def end(*_):
    print("asked")
    time.sleep(1)
    print("ends")
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("started")
signal.pause()
"""


def test_pauses_grow_and_are_forgotten_after_a_steady_run() -> None:
    revival, pauses = Revival(), []
    for _ in range(8):
        revival = revival.after(started=0, ended=1)
        pauses.append(revival.due - 1)
    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    assert revival.after(started=0, ended=STEADY_SECONDS) == Revival(1, STEADY_SECONDS, STEADY_SECONDS + PAUSES[0])


def test_the_alarm_is_raised_now_and_then_while_a_loop_goes_on() -> None:
    revival, alarms = Revival(), []
    for end in range(1, 31):
        revival = revival.after(started=end, ended=end + 0.5)
        if revival.is_alarming:
            alarms.append(end)
    assert alarms == [ALARM, ALARM + ALARM_AGAIN, ALARM + 2 * ALARM_AGAIN]
    assert revival.since == 1.5


def test_a_worker_that_ends_again_and_again_raises_an_alarm_and_can_be_stopped(start_dev: StartDev) -> None:
    dev = start_dev(worker=["broken"])
    dev.read_until(f"ALARM: worker ended {ALARM} times in a row since ", "the last time it ended with status 3")
    assert "dev    | worker ended with status 3; it is started again in 1 s" in dev.lines
    assert "dev    | worker ended with status 3; it is started again in 4 s" in dev.lines
    os.killpg(dev.process.pid, signal.SIGINT)
    assert dev.status() == 0
    assert not dev.left()


def test_nothing_of_a_killed_worker_is_left_when_it_is_started_again(start_dev: StartDev) -> None:
    dev = start_dev().is_ready()
    before = set(dev.left())
    os.kill(dev.pid_of("worker.py"), signal.SIGKILL)
    dev.read_until("worker was ended by signal 9; it is started again in 1 s")
    wait_until(lambda: len(dev.left()) == len(before) and len(before & set(dev.left())) == 4)  # all but the worker's


@pytest.fixture
def own(published: Path, tmp_path: Path) -> Iterator[Server]:
    server = Server(published, tmp_path / "state", {"FP_WORKER_CONCURRENCY": "2"})
    server.start()
    yield server
    assert server.stop() == 0, server.log()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_job_whose_worker_is_killed_ends_all_the_same(own: Server, tmp_path: Path) -> None:
    with Client(base_url=own.url, timeout=30) as client:
        pids = tmp_path / "pids"
        job_id = client.submit("stubborn", {"pids": str(pids)})
        wait_until(lambda: pids.exists() and pids.read_text().split()[1:])
        first = pids.read_text().split()
        pids.unlink()
        os.kill(parent_of(int(first[0])), signal.SIGKILL)
        wait_until(lambda: not any(map(is_running, first)))
        wait_until(lambda: pids.exists() and pids.read_text().split()[1:], 40, own.log)
        wait_until(lambda: "attempt 2" in own.log(), explain=own.log)
        client.delete(f"/jobs/{job_id}")
        wait_until(own.is_ready)


def test_after_the_end_of_everything_the_next_start_finishes_all_jobs(published: Path, tmp_path: Path) -> None:
    server = Server(published, tmp_path / "state", {"FP_WORKER_CONCURRENCY": "1"})
    server.start()
    with Client(base_url=server.url, timeout=30) as client:
        jobs = [client.submit("sleep", {"seconds": 2}) for _ in range(3)]
        client.when(jobs[0], "running")
        assert client.status(jobs[2])["status"] == "accepted"
        assert server.process
        server.process.send_signal(signal.SIGSTOP)  # it must not see who ends, nor have Valkey end in good order
        everything = [*children_of(server.process.pid), server.process.pid]
        for pid in everything:
            with suppress(ProcessLookupError):  # children of the worker die with it
                os.kill(pid, signal.SIGKILL)
        server.process.wait()
        wait_until(lambda: not any(map(is_running, everything)))
        server.start()
        assert {client.finished(job_id)["status"] for job_id in jobs} == {"successful"}
    wait_until(lambda: f"job {jobs[0]} running: sleep 1.0.0, attempt 2" in server.log(), explain=server.log)
    assert server.stop() == 0


def children_of(pid: int) -> list[int]:
    """And theirs; of `dev` the guard first, so that nothing is ended in an orderly way."""
    children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for child in children for one in (child, *children_of(child))]


def test_serve_starts_workers_and_replaces_those_that_end(redis_url: str, published: Path, tmp_path: Path) -> None:
    environment = shared_environment(redis_url, published, tmp_path)
    serve = Part("serve", "--workers", "2", folder=tmp_path, environment=environment)
    serve.start()
    wait_until(lambda: "serve    | ready: http" in serve.log(), 60, serve.log)
    with Client(base_url=f"http://127.0.0.1:{environment['FP_PORT']}", timeout=30) as client:
        jobs = [client.submit("sleep", {"seconds": 3}) for _ in range(2)]
        for job_id in jobs:
            client.when(job_id, "running")
        assert serve.process
        everything = children_of(serve.process.pid)
        workers = [pid for pid in everything if b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(next(pid for pid in workers if parent_of(pid) == serve.process.pid), signal.SIGKILL)
        wait_until(lambda: "was ended by signal 9; it is started again in 1 s" in serve.log())
        assert {client.finished(job_id)["status"] for job_id in jobs} == {"successful"}
    assert serve.stop() == 0
    wait_until(lambda: not any(map(is_running, everything)))


def test_programs_of_one_level_are_stopped_together_and_revived_ones_keep_their_level() -> None:
    said = io.BytesIO()
    console = Console(io.TextIOWrapper(said, "utf-8"))
    with Interrupts() as interrupts, Supervisor(console, interrupts) as supervisor:
        for name, level in (("worker 1", 1), ("worker 2", 1), ("api", 2)):
            supervisor.start(Program(name, [sys.executable, "-c", FAREWELL], 10, level, is_revived=level == 1))
        wait_until(lambda: said.getvalue().count(b"| started") == 3)
        os.kill(next(running.process.pid for running in supervisor._running), signal.SIGKILL)
        supervisor.wait_until(lambda: said.getvalue().count(b"| started") == 4)
    lines = [line for line in said.getvalue().decode().splitlines() if line.endswith(("asked", "ends"))]
    assert [line.split(" |")[0].strip() for line in lines[:2]] == ["api", "api"]
    assert [line.split()[-1] for line in lines[2:]] == ["asked", "asked", "ends", "ends"]


def test_a_worker_that_ends_while_another_is_seen_to_is_started_again_too(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.BytesIO()
    console = Console(io.TextIOWrapper(said, "utf-8"))
    with Interrupts() as interrupts, Supervisor(console, interrupts) as supervisor:
        for name in ("worker 1", "worker 2"):
            supervisor.start(Program(name, [sys.executable, "-c", FAREWELL], 10, is_revived=True))
        wait_until(lambda: said.getvalue().count(b"| started") == 2)
        first, second = (running.process for running in supervisor._running)

        end = supervision.end  # type: ignore[attr-defined] # imported there

        def end_both(running: Running) -> None:
            end(running)
            second.kill()
            second.wait()

        monkeypatch.setattr(supervision, "end", end_both)
        first.kill()
        supervisor.wait_until(lambda: said.getvalue().count(b"| started") == 4)
