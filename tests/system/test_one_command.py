"""`dev` as a user starts and stops it, with real programs under it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving import Client, Server, is_running, own_environment, wait_until

from fastprocesses_server.jobs.connection import connect

StartServer = Callable[..., Server]


@pytest.fixture
def start_server(published: Path, tmp_path: Path) -> Iterator[StartServer]:
    """Servers of their own on one state folder, ended with the test."""
    started: list[Server] = []

    def start(**environment: str) -> Server:
        server = Server(published, tmp_path / "state", {"FP_WORKER_CONCURRENCY": "2", **environment})
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        if server.process and server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="module")
def shared(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(published, tmp_path_factory.mktemp("lasting") / "state", {"FP_WORKER_CONCURRENCY": "2"})
    server.start()
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture
def lasting(shared: Server) -> Server:
    """One that outlasts the trouble of each test, with a log of its own."""
    wait_until(shared.is_ready, 40, shared.log)
    shared.log_path.write_bytes(b"")
    return shared


def connected(server: Server) -> Client:
    return Client(base_url=server.url, timeout=30)


def processes_of(server: Server) -> list[int]:
    """Everything that runs on the server's state folder: told by the environment, which children inherit."""
    mark = f"FP_STATE_DIR={server.state}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def valkey_of(server: Server) -> int:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(server.state).encode() in path.read_bytes() and b"valkey" in path.read_bytes():
                return int(path.parent.name)
        except OSError:
            continue
    raise LookupError("no Valkey")


def start_stubborn_job(server: Server, pids: Path) -> str:
    with connected(server) as client:
        job_id = client.submit("stubborn", {"pids": str(pids)})
    wait_until(lambda: pids.exists() and pids.read_text())
    return job_id


def test_jobs_results_and_the_queue_survive_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    with connected(server) as client:
        finished = client.submit("fill", {"size": 100_000})
        client.finished(finished)
        running = [client.submit("sleep", {"seconds": 8}) for _ in range(2)]
        queued = client.submit("simple_process", {"input_text": "still here"})
        for job_id in running:
            client.when(job_id, "running")
    assert server.stop() == 0
    again = start_server(FP_WORKER_CONCURRENCY="3")
    with connected(again) as client:
        assert client.get(f"/jobs/{finished}/results").content == b"\x00\xff" * 50_000
        assert client.finished(queued)["status"] == "successful"
        assert [client.finished(job_id)["status"] for job_id in running] == ["successful"] * 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_survives_a_signal(start_server: StartServer, tmp_path: Path, number: signal.Signals) -> None:
    server = start_server(FP_WORKER_GRACE_SECONDS="1")
    pids = tmp_path / "pids"
    start_stubborn_job(server, pids)
    assert server.process
    assert len(processes_of(server)) >= 6
    server.process.send_signal(number)
    server.process.wait(30)
    wait_until(lambda: not processes_of(server), 15, lambda: str(processes_of(server)))
    assert not any(is_running(pid) for pid in pids.read_text().split())


def test_a_silent_redis_is_told_in_time_and_comes_back(lasting: Server) -> None:
    server = lasting
    valkey = valkey_of(server)
    with connected(server) as client:
        job_id = client.submit("simple_process", {"input_text": "before"})
        client.finished(job_id)
        os.kill(valkey, signal.SIGSTOP)
        try:
            for response in (
                client.get(f"/jobs/{job_id}"),
                client.execute("simple_process", {"input_text": "x"}, "respond-async"),
                client.execute("echo", {"message": "x"}),
                client.get("/health/ready"),
            ):
                assert response.status_code == 503, response.text
                assert response.headers["retry-after"]
                assert response.elapsed.total_seconds() < 6
            assert client.get("/health/live").status_code == 200
            assert client.get("/processes").status_code == 200
        finally:
            os.kill(valkey, signal.SIGCONT)
        wait_until(server.is_ready)
        assert client.status(job_id)["status"] == "successful"
        assert client.execute("echo", {"message": "after"}, response="document").json() == {"message": "after"}


def test_a_redis_that_hangs_or_is_full_stops_nobody_for_ever(lasting: Server) -> None:
    server = lasting
    valkey = valkey_of(server)
    with connected(server) as client:
        jobs = [client.submit("sleep", {"seconds": 0.3}) for _ in range(12)]
        os.kill(valkey, signal.SIGSTOP)
        try:
            wait_until(lambda: client.get("/health/ready").status_code == 503, 10)
            wait_until(lambda: "Timeout" in server.log(), 30, server.log)
        finally:
            os.kill(valkey, signal.SIGCONT)
        wait_until(server.is_ready, 40, server.log)
        assert {client.finished(job_id)["status"] for job_id in jobs} == {"successful"}

        running = client.submit("sleep", {"seconds": 3})
        client.when(running, "running")
        with connect(f"unix://{server.state}/valkey/valkey.sock") as redis:
            redis.config_set("maxmemory", "1mb")
            response = client.execute("simple_process", {"input_text": "full"}, "respond-async")
            assert response.status_code == 503
            wait_until(lambda: "waits for Redis to take its outcome" in server.log(), 20, server.log)
            redis.config_set("maxmemory", "0")
        assert client.finished(running)["status"] == "successful"
        wait_until(server.is_ready, 40, server.log)
        assert client.execute("echo", {"message": "again"}).status_code == 200


def test_no_worker_means_503_for_who_waits_and_a_job_for_who_does_not(lasting: Server) -> None:
    server = lasting
    worker = next(pid for pid in processes_of(server) if is_worker_parent(pid))
    os.kill(worker, signal.SIGSTOP)
    try:
        with connected(server) as client:
            wait_until(lambda: client.get("/health/ready").status_code == 503, 20)
            assert client.execute("echo", {"message": "x"}).status_code == 503
            job_id = client.submit("simple_process", {"input_text": "patient"})
            os.kill(worker, signal.SIGCONT)
            assert client.finished(job_id)["status"] == "successful"
    finally:
        os.kill(worker, signal.SIGCONT)


def is_worker_parent(pid: int) -> bool:
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    return b"worker" in arguments and b"worker" not in Path(f"/proc/{parent}/cmdline").read_bytes().split(b"\0")


def run_cli(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fastprocesses_server", *arguments],
        cwd=cwd,
        env=own_environment(**environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["check", "dev", "serve", "worker"])
def test_a_broken_file_stops_the_start_with_its_reason(tmp_path: Path, command: str) -> None:
    folder = tmp_path / "processes.d"
    folder.mkdir()
    (folder / "dangerous.yaml").write_text("version: 1.0.0\ncallable: os.system\n")
    (folder / "typo.yaml").write_text("callable: json.dumps\nversion: 1.0.0\nimputs: {}\noutputs: {}\n")
    done = run_cli(command, cwd=tmp_path)
    assert done.returncode == 1
    assert "processes.d/dangerous.yaml:2:" in done.stderr
    assert "processes.d/typo.yaml:3:1: " in done.stderr
    assert 'did you mean "inputs"?' in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / ".fastprocesses").exists()


def test_check_names_what_is_published(published: Path, tmp_path: Path) -> None:
    done = run_cli("check", str(published), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "simple_process 1.0.0" in done.stdout


def test_a_bad_setting_is_one_line(tmp_path: Path) -> None:
    done = run_cli("check", cwd=tmp_path, FP_PORT="eighty")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("FP_PORT: ")
    assert done.stderr.count("\n") == 1


SECRET = "hunter2"  # noqa: S105 - looked for in logs


@pytest.fixture(scope="module")
def oddly_placed(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server in a folder with a name that not every program bears, which logs all it does."""
    folder = tmp_path_factory.mktemp("one") / "a place with ümlaut and 'quotes'"
    shutil.copytree(published, folder / "processes.d")
    settings = {"RESULT_CACHE_PASSWORD": SECRET, "FP_LOG_LEVEL": "TRACE", "FP_LOG_FILE": str(folder / "own.log")}
    server = Server(folder / "processes.d", folder / "state", settings)
    server.start()
    yield server
    assert server.stop() == 0, server.log()


def test_a_second_instance_on_the_same_data_is_refused(oddly_placed: Server, published: Path) -> None:
    server = oddly_placed
    done = run_cli(
        "dev", "--port", "0", cwd=server.state.parent, FP_PROCESSES_DIR=str(published), FP_STATE_DIR=str(server.state)
    )
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert str(server.state) in done.stderr


def test_a_port_in_use_is_named(oddly_placed: Server, published: Path, tmp_path: Path) -> None:
    server = oddly_placed
    done = run_cli(
        "dev",
        "--port",
        str(server.port),
        "--state",
        str(tmp_path / "other"),
        "--processes",
        str(published),
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert f"port {server.port}" in done.stderr


def test_no_secret_is_logged_and_blanks_in_paths_do_no_harm(oddly_placed: Server) -> None:
    with connected(oddly_placed) as client:
        assert client.execute("simple_process", {"input_text": "logged"}).text == "LOGGED"
    own = (oddly_placed.state.parent / "own.log").read_text()
    assert "job " in own
    assert SECRET not in own + oddly_placed.log()
