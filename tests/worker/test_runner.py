"""Attempts as a child of a worker runs them, in this process."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis
from upper import create_job, make_process, make_registry

from fastprocesses_server.jobs import leases
from fastprocesses_server.jobs.cache import ResultCache
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.leases import Leases
from fastprocesses_server.settings import Settings
from fastprocesses_server.worker import turn
from fastprocesses_server.worker.capture import Capture
from fastprocesses_server.worker.family import Growth
from fastprocesses_server.worker.runner import CANCEL, SOFT_LIMIT, Runner
from fastprocesses_server.worker.turn import Turn

TELL = "import os, signal, time; time.sleep(0.3); os.kill(os.getpid(), signal.SIGUSR1)"
"""What the keeper does, too early or in time."""


class Killed(BaseException):
    """In the place of SIGKILL."""


class Child:
    """Runs a job, whose module has this text, and those that follow it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.redis = connect(url)
        self.prepare: Callable[[Runner], None] = lambda _: None
        self.turn = Turn(lambda: True)
        self.followers = ""
        self.results: dict[str, str] = {}

    def run(self, name: str, text: str, **run: Any) -> dict[str, Any]:
        """The record of the job afterwards."""
        (self.folder / f"{name}.py").write_text(text)
        process = make_process(callable=f"{name}:upper", run=run, results=self.results)
        settings = Settings(redis_url=self.url, processes_dir=self.folder, results_dir=self.folder)
        runner = Runner(make_registry(process), settings, "one", Capture(), self.turn, queues=["default"])
        runner.capture.ear.close()
        runner.capture.mouth.close()
        runner.capture.of = lambda _: nullcontext()  # type: ignore[method-assign, assignment]
        runner.leases = Leases(self.redis, settings, make_registry(process), "one", ("default",))
        runner.cache = ResultCache(settings, runner.results)
        runner.growth = Growth()
        for job_id in "a" + self.followers:
            create_job(self.url, job_id, process)
        self.redis.rpop("default")  # the message of `a`
        self.prepare(runner)
        runner.run("a")
        return self.record()

    def statuses(self) -> list[str]:
        return [self.record(job_id)["status"] for job_id in "a" + self.followers]

    def record(self, job_id: str = "a") -> dict[str, Any]:
        fields: Any = self.redis.hgetall(f"fp:job:{job_id}")
        return {key.decode(): value.decode() for key, value in fields.items()}

    def is_killed(self, name: str, monkeypatch: pytest.MonkeyPatch) -> bool:
        """Whether the process ends itself in the run of a job that returns at once."""

        def kill(pid: int, number: int) -> None:
            assert (pid, number) == (os.getpid(), signal.SIGKILL)
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(os, "kill", kill)
            try:
                self.run(name, "def upper(text):\n    return text")
            except Killed:
                return True
        return False


@pytest.fixture
def child(redis_url: str, tmp_path: Path) -> Iterator[Child]:
    before = {number: signal.getsignal(number) for number in (SOFT_LIMIT, CANCEL)}
    yield Child(redis_url, tmp_path)
    for number, handler in before.items():
        signal.signal(number, handler)


def problem(record: dict[str, Any]) -> str:
    detail: str = orjson.loads(record["problem"])["detail"]
    return detail


def test_a_callable_over_its_soft_limit_is_ended(child: Child) -> None:
    record = child.run("over_in_call", f"def upper(text):\n    {TELL}\n    return text", timeLimit={"soft": "200ms"})
    assert problem(record) == "The process was ended by its soft time limit."


def test_a_soft_limit_that_passes_during_the_import_is_kept(child: Child) -> None:
    record = child.run("over_at_import", f"{TELL}\ndef upper(text):\n    return text", timeLimit={"soft": "200ms"})
    assert problem(record) == "The process was ended by its soft time limit."


def test_a_soft_limit_of_the_job_before_does_not_end_the_next(child: Child) -> None:
    record = child.run("told_early", f"def upper(text):\n    {TELL}\n    return text", timeLimit={"soft": "60s"})
    assert record["status"] == "successful"


def test_a_process_that_cannot_commit_ends_so_that_its_job_is_not_held_for_ever(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit(**_: Any) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(leases, "PATIENCE", 0.2)
    child.prepare = lambda runner: runner.leases.transitions.update(commit=commit)
    assert child.is_killed("never_committed", monkeypatch)
    assert child.record()["status"] == "running"


def test_so_does_one_that_never_hears_whether_it_has_the_job(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(runner: Runner) -> None:
        real = runner.leases.transitions["claim"]

        def claim(**options: Any) -> None:
            real(**options)
            raise redis.TimeoutError("unheard")

        runner.leases.transitions["claim"] = claim

    monkeypatch.setattr(leases, "PATIENCE", 0.2)
    child.prepare = lose
    assert child.is_killed("never_heard", monkeypatch)
    assert child.record()["status"] == "running"


def test_so_does_one_that_cannot_say_how_its_job_ended(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("cannot end")

    child.prepare = lambda runner: setattr(runner, "_commit", fail)
    assert child.is_killed("never_ended", monkeypatch)


def test_a_module_that_can_no_longer_be_imported_is_told_as_such(child: Child) -> None:
    record = child.run("no_longer", "import no_such_helper")
    assert problem(record).startswith("The process cannot run: its module has changed and cannot be imported.")


def test_an_import_may_cost_an_attempt(child: Child) -> None:
    text = "raise ConnectionError"
    record = child.run("unreachable", text, retryOn=["ConnectionError"], attempts=2, retryDelay="60s")
    assert record["status"] == "accepted"


STAYS = "import threading\ndef upper(text):\n    threading.Thread(target={}, daemon=True).start()\n    return text"


@pytest.mark.parametrize("target", ["lambda: threading.Event().wait(2)", "threading.Event().wait"])
def test_a_process_in_which_a_job_has_left_a_thread_ends(child: Child, target: str) -> None:
    with pytest.raises(SystemExit):
        child.run(f"left_{len(target)}", STAYS.format(target))
    assert child.record()["status"] == "successful"


def test_so_does_one_in_which_it_has_left_a_timer(child: Child) -> None:
    text = "import threading\ndef upper(text):\n    threading.Timer(2, print).start()\n    return text"
    with pytest.raises(SystemExit):
        child.run("left_timer", text)


POOL = """\
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from tqdm import tqdm

def upper(text):
    global kept
    kept = ThreadPoolExecutor(2), ThreadPool(2)
    assert list(kept[0].map(str, kept[1].map(int, "12"))) == ["1", "2"]
    for _ in tqdm("ab"):
        time.sleep(0.05)
    return text
"""


def test_threads_that_wait_for_work_may_stay(child: Child) -> None:
    child.run("kept_pools", POOL)
    assert child.record()["status"] == "successful"
    futures, threads = sys.modules["kept_pools"].kept
    futures.shutdown()
    threads.terminate()


def test_a_process_that_has_done_its_job_lives_on(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not child.is_killed("ended", monkeypatch)
    assert child.record()["status"] == "successful"


def test_a_job_that_takes_over_says_for_which(child: Child, said: list[str]) -> None:
    child.prepare = lambda runner: runner.leases.redis.hset("fp:job:a", "joined", "z")  # type: ignore[arg-type, return-value]
    child.run("taken_over", "def upper(text):\n    return text")
    assert "job a running: upper 1.0.0, attempt 1, for job z, which it had joined" in said


@pytest.mark.parametrize("is_as_submitted", [True, False])
def test_outputs_are_kept_for_what_was_submitted(child: Child, is_as_submitted: bool) -> None:
    """Whatever the callable has made of its inputs; but a process that has changed since answers for itself alone."""

    def prepare(runner: Runner) -> None:
        runner.is_as_checked = lambda _: True  # type: ignore[method-assign, assignment]
        child.redis.hset("fp:job:a", mapping={"key": "k"} if is_as_submitted else {"key": "k", "fingerprint": "x"})

    child.prepare, child.results = prepare, {"cache": "1h"}
    assert child.run(f"kept_{is_as_submitted}", "def upper(text):\n    return text")["status"] == "successful"
    [name] = child.redis.keys("fp:cache:*")  # type: ignore[misc] # of a client for threads
    assert (name == b"fp:cache:k") == is_as_submitted


@pytest.fixture
def patient(child: Child, monkeypatch: pytest.MonkeyPatch) -> Child:
    """Its turn takes a minute, or until no message is there; two jobs wait for it."""
    monkeypatch.setattr(turn, "SECONDS", 60)
    await_message = Leases.await_message
    monkeypatch.setattr(Leases, "await_message", lambda leases, _: await_message(leases, 0.01))
    child.turn, child.followers = Turn(lambda: False), "bc"
    return child


def test_jobs_follow_one_another(patient: Child) -> None:
    patient.run("followed", "def upper(text):\n    return text")
    assert patient.statuses() == ["successful"] * 3
    assert patient.turn.jobs == 3


def test_also_after_one_that_fails(patient: Child) -> None:
    patient.run("fails", "def upper(text):\n    raise ValueError")
    assert patient.statuses() == ["failed"] * 3


def test_each_has_its_own_time_limit(patient: Child) -> None:
    text = (
        f"times = []\ndef upper(text):\n    times.append(1)\n    if len(times) == 2:\n        {TELL}\n    return text"
    )
    patient.run("second_is_late", text, timeLimit={"soft": "200ms"})
    assert patient.statuses() == ["successful", "failed", "successful"]


def test_none_follows_once_the_turn_is_over(patient: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "SECONDS", 0.05)
    patient.run("takes_long", "import time\ndef upper(text):\n    time.sleep(0.1)\n    return text")
    assert patient.statuses() == ["successful", "accepted", "accepted"]


def test_nor_where_the_worker_is_no_longer_what_it_was(patient: Child) -> None:
    patient.turn.is_last = lambda: patient.record("b")["status"] != "accepted"
    patient.run("left_behind", "def upper(text):\n    return text")
    assert patient.statuses() == ["successful", "successful", "accepted"]


def test_nor_in_a_process_in_which_a_job_has_left_a_thread(patient: Child) -> None:
    with pytest.raises(SystemExit):
        patient.run("left_early", STAYS.format("threading.Event().wait"))
    assert patient.statuses() == ["successful", "accepted", "accepted"]


def test_a_process_that_has_run_its_number_of_jobs_is_replaced(patient: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "LEAST_JOBS", 2)
    monkeypatch.setattr(turn, "MOST_JOBS", 2)
    with pytest.raises(SystemExit):
        patient.run("replaced", "def upper(text):\n    return text")
    assert patient.statuses() == ["successful", "successful", "accepted"]


def test_one_to_be_tried_again_is_followed_as_well(patient: Child) -> None:
    patient.run("again", "def upper(text):\n    raise KeyError", retryOn=["KeyError"], attempts=2, retryDelay="60s")
    assert [(patient.record(job_id)["status"], patient.record(job_id)["held"]) for job_id in "abc"] == [
        ("accepted", "retry")
    ] * 3


def test_a_job_that_comes_while_the_turn_lasts_is_not_left_to_celery(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "SECONDS", 1)
    child.turn = Turn(lambda: bool(child.redis.exists("fp:job:b")) and child.record("b")["status"] == "successful")

    def submit() -> None:
        while child.record()["status"] != "successful":
            time.sleep(0.01)
        create_job(child.url, "b", make_process(callable="comes_late:upper"))

    submission = threading.Thread(target=submit)
    child.prepare = lambda _: submission.start()
    child.run("comes_late", "def upper(text):\n    return text")
    submission.join()
    assert child.record("b")["status"] == "successful"


def test_none_is_taken_by_a_process_whose_worker_has_ended_while_it_waited(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(turn, "SECONDS", 60)
    child.turn = Turn(lambda: bool(ended))

    def submit(leases: Leases, _: float) -> Any:
        ended.append(True)
        create_job(child.url, "b", make_process(callable="outlives:upper"))
        return await_message(leases, 1)

    await_message = Leases.await_message
    monkeypatch.setattr(Leases, "await_message", submit)
    child.run("outlives", "def upper(text):\n    return text")
    assert child.record("b")["status"] == "accepted"
    assert child.redis.llen("default") == 1


SULKS = f"""import signal as signals
times = []
def upper(text):
    times.append(1)
    if len(times) == 1:
        signals.signal(signals.SIGUSR1, signals.SIG_IGN)
        raise KeyError
    {TELL}
    return text
"""


def test_after_an_attempt_that_is_to_follow_again_the_keeper_is_heard(patient: Child) -> None:
    patient.run("sulks", SULKS, retryOn=["KeyError"], attempts=2, retryDelay="60s", timeLimit={"soft": "200ms"})
    assert patient.statuses() == ["accepted", "failed", "failed"]


def test_a_turn_ends_with_its_redis(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(turn, "SECONDS", 60)
    child.turn = Turn(lambda: False)
    child.prepare = lambda runner: setattr(runner.leases.redis, "brpop", away)
    assert child.run("cut_off", "def upper(text):\n    return text")["status"] == "successful"
