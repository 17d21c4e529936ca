"""From nothing to a running server: the wheel without the lock file, and the README's first command."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from serving import PLAIN, ROOT, free_port, own_environment, wait_until

INSTALL_SECONDS = 600
HELLO = {"inputs": {"input_text": "hello"}}


def clean_environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in own_environment(**more).items() if not name.startswith("VIRTUAL")}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a user has: the files of the project without what was made here."""
    made = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "tests")
    return Path(shutil.copytree(ROOT, tmp_path / "checkout", ignore=made))


def hello(port: int) -> str:
    try:
        return httpx.post(f"http://localhost:{port}/processes/simple_process/execution", json=HELLO, verify=PLAIN).text
    except httpx.TransportError:
        return ""


def start_and_greet(command: list[str], cwd: Path) -> None:
    """Run `dev`, execute a process, and stop it as Ctrl-C does."""
    port = free_port()
    log = cwd / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=clean_environment(FP_PORT=str(port)),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until(lambda: process.poll() is not None or b"ready: http" in log.read_bytes(), INSTALL_SECONDS)
        assert hello(port) == "HELLO", log.read_text()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    assert "ready: http" in log.read_text()


def test_the_wheel_without_the_lock_file_runs(checkout: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, checkout, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        tmp_path / "venv",
        "install",
        "-q",
        f"{wheel}[standalone]",
        cwd=tmp_path,
    )
    folder = tmp_path / "processes.d"
    folder.mkdir()
    for name in ("simple_process.yaml", "simple_process.py"):
        shutil.copy(ROOT / "processes.d" / name, folder)
    command = str(tmp_path / "venv" / "bin" / "fastprocesses-server")
    assert "simple_process" in run(command, "check", cwd=tmp_path).stdout
    run(command, "init", "mine", cwd=tmp_path)
    assert "great-circle" in run(command, "check", cwd=tmp_path / "mine").stdout
    start_and_greet([command, "dev"], tmp_path)


def test_the_first_command_of_the_readme_starts_the_server(checkout: Path) -> None:
    command = re.search(
        r"^python3 -m venv .*\.\[standalone,examples\].*$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert command
    here = Path(sys.executable).resolve().parent  # the Python of the tests, whatever `python3` is elsewhere
    script = f'python3() {{ "{sys.executable}" "$@"; }}; exec_dev() {{ {command[0]}; }}; exec_dev'
    assert here.is_dir()
    start_and_greet(["bash", "-c", script], checkout)
