"""`run ID`: time and memory as a worker would give them."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from command_line import COMMAND, environment, run_command
from serving import wait_until

Put = Callable[[str, str | bytes], Path]
MODULE = """
import subprocess
import time


def sleep(seconds: float, context) -> str:
    try:
        time.sleep(seconds)
    except Exception as error:
        return f"{type(error).__name__}, {context.cancelled}"
    return "slept"


def sleep_on(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def stay(context) -> str:
    while True:
        try:
            time.sleep(600)
        except Exception:
            pass


def hog(mebibytes: int, context) -> int:
    context.progress(30)
    filled = b"x" * (mebibytes << 20)
    time.sleep(600)
    return len(filled)


def start() -> str:
    subprocess.Popen(["sleep", "600"])
    time.sleep(600)
    return ""
"""


@pytest.fixture
def publish(put: Put) -> Callable[[str, str], None]:
    """A function of the module, and what its file says of its run."""

    def publish(name: str, run: str) -> None:
        put("limited.py", MODULE)
        put("limited.yaml", f"callable: limited.{name}\nversion: 1\nrun: {{{run}}}\n")

    return publish


Publish = Callable[[str, str], None]


def test_the_soft_limit_is_raised_in_the_callable(publish: Publish) -> None:
    publish("sleep", "timeLimit: {soft: 1s, hard: 1min}")
    done = run_command("run", "limited", "seconds=600")
    assert (done.returncode, done.stdout, done.stderr) == (0, "SoftTimeLimitExceeded, True\n", "")


def test_a_callable_that_lets_the_soft_limit_pass_has_failed(publish: Publish) -> None:
    publish("sleep_on", "timeLimit: {soft: 1s, hard: 1min}")
    done = run_command("run", "limited", "seconds=600")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The process was ended by its soft time limit.\n"


def test_the_hard_limit_ends_a_callable_that_stays(publish: Publish, tmp_path: Path) -> None:
    publish("stay", "timeLimit: {soft: 1s, hard: 2s}")
    done = run_command("run", "limited", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The process was ended by its hard time limit.\n"
    assert not list(tmp_path.glob("fastprocesses-*"))


def test_limits_of_the_settings_hold_where_the_file_says_nothing(publish: Publish) -> None:
    publish("sleep_on", "")
    done = run_command("run", "limited", "seconds=600", FP_TIME_LIMIT_SOFT="1", FP_TIME_LIMIT_HARD="60")
    assert done.stderr == "The process was ended by its soft time limit.\n"


def test_a_run_over_its_memory_limit_is_killed(publish: Publish) -> None:
    publish("hog", "memoryLimit: 400MiB")
    done = run_command("run", "limited", "mebibytes=500")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The process was killed: over 400 MiB at 30 %.\n"


def test_a_run_below_its_limits_is_as_without_them(publish: Publish) -> None:
    publish("sleep", "timeLimit: {soft: 1min, hard: 2min}, memoryLimit: 4GiB")
    done = run_command("run", "limited", "seconds=0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "slept\n", "")


@pytest.mark.usefixtures("published_tools")
def test_a_crash_is_told() -> None:
    done = run_command("run", "tell", "what=crash")
    assert (done.returncode, done.stderr) == (1, "the run crashes the process (SIGSEGV)\n")
    assert run_command("run", "tell", "what=end").returncode == 4


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def has_sleeper(command: psutil.Process) -> bool:
    try:
        return any(one.name() == "sleep" for one in command.children(recursive=True))
    except psutil.NoSuchProcess:  # the inspection ends meanwhile
        return False


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_whoever_ends_the_command_ends_all_that_it_has_started(
    publish: Publish, number: signal.Signals, status: int
) -> None:
    publish("start", "")
    command = subprocess.Popen(
        [*COMMAND, "run", "limited"], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        wait_until(lambda: has_sleeper(psutil.Process(command.pid)))
        family = psutil.Process(command.pid).children(recursive=True)
        assert len(family) == 2
        command.send_signal(number)
        _, error = command.communicate(timeout=30)
    finally:
        command.kill()
    assert (command.returncode, error) == (status, b"")
    wait_until(lambda: not any(map(lives, family)))
