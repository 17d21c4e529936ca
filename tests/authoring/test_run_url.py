"""`run --url`: the same on a running server."""

import os
import pty
import signal
import subprocess
from pathlib import Path

import httpx
import pytest
from command_line import COMMAND, environment, run_command, run_on_terminal
from serving import Server, free_port


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No processes folder: only the server has one."""
    monkeypatch.chdir(tmp_path)


def test_a_job_runs_there_and_its_output_is_printed(server: Server) -> None:
    done = run_command("run", "simple_process", "input_text=5 apples", "--url", server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5 APPLES\n", "")


def test_values_are_read_by_the_published_description(server: Server) -> None:
    Path("text.bin").write_bytes(b"12345")
    done = run_command("run", "typed-size", 'anything={"a": 1}', "text=@text.bin", "--url", f"{server.url}/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "12\n", "")


def test_binary_outputs_are_saved(server: Server) -> None:
    done = run_command("run", "heat-map", "steps=2", "pause=0", "--url", server.url, "--output", "out")
    assert (done.returncode, done.stdout) == (0, "out/image.png\n"), done.stderr
    assert Path("out/image.png").read_bytes().startswith(b"\x89PNG")


def test_a_process_that_only_answers_at_once_is_run_too(server: Server) -> None:
    done = run_command("run", "sync-only", "seconds=0", "--url", server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0.0\n", "")


def test_complaints_of_the_server_are_shown_with_their_paths(server: Server) -> None:
    done = run_command("run", "simple_process", "inptu_text=a", "--url", server.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        '$.inputs.inptu_text: the process has no such input; did you mean "input_text"?\n'
        "$.inputs.input_text: is required\n"
    )


def test_why_a_job_failed_is_shown(server: Server) -> None:
    done = run_command("run", "misbehave", "how=process-error", "--url", server.url)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "outside the city limits\n")


def test_a_process_that_is_not_there_is_told_by_the_server(server: Server) -> None:
    done = run_command("run", "simple", "--url", server.url)
    said = httpx.get(f"{server.url}/processes/simple").json()["detail"]
    assert (done.returncode, done.stderr) == (1, f"{said}\n")


def test_a_server_that_is_not_there_is_told() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = run_command("run", "simple_process", "--url", url)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{url}/processes/simple_process: the server cannot be reached: ")
    assert "Traceback" not in done.stderr


def test_a_terminal_shows_percent_and_message_of_the_job(server: Server) -> None:
    status, seen = run_on_terminal("run", "heat-map", "steps=5", "pause=0.5", "--url", server.url)
    assert status == 0
    assert "step 2 of 5" in seen
    assert "100%" in seen
    assert "image: image/png, " in seen


def test_an_interrupt_dismisses_the_job(server: Server) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "run", "heat-map", "steps=100", "pause=0.5", "--url", server.url],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        seen = read_until(ours, b"step ")  # the job's own message, so that its address is known
        (job,) = running(server)
        process.send_signal(signal.SIGINT)
        seen = read_until(ours, b"dismissed: ")
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
    seen += read_until(ours, None)
    assert f"dismissed: {server.url}/jobs/{job}" in seen.decode()
    assert b"Traceback" not in seen
    assert httpx.get(f"{server.url}/jobs/{job}").json()["status"] == "dismissed"


def read_until(terminal: int, words: bytes | None) -> bytes:
    """What a terminal was sent, up to these words; where there are none, all of it, and the terminal is closed."""
    seen = b""
    try:
        while words is None or words not in seen:
            piece = os.read(terminal, 65536)
            if not piece:
                break
            seen += piece
    except OSError:  # how Linux tells the end of a terminal
        pass
    if words is None:
        os.close(terminal)
    return seen


def running(server: Server) -> list[str]:
    answer = httpx.get(f"{server.url}/jobs", params={"processID": "heat-map", "status": "running"})
    return [job["jobID"] for job in answer.json()["jobs"]]
