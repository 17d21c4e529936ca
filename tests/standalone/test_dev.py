"""One command starts everything, and takes everything with it when it ends."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from serving import wait_until
from supervised import Dev

from fastprocesses_server.standalone.dev import WORKER_GRACE
from fastprocesses_server.standalone.interrupts import ECHO_SECONDS

StartDev = Callable[..., Dev]


def test_the_ready_line_names_the_url_and_the_programs_their_addresses(start_dev: StartDev, free_port: int) -> None:
    dev = start_dev().is_ready()
    assert f"dev    | ready: http://127.0.0.1:{free_port} (Ctrl-C stops everything)" in dev.lines
    told = f"unix://{dev.state}/valkey/valkey.sock?db=0 {dev.state} told"
    assert f"api    | {told}" in dev.lines
    assert (dev.state.stat().st_mode & 0o777) == 0o700


def test_valkey_keeps_its_data_over_a_restart_and_evicts_nothing(start_dev: StartDev) -> None:
    dev = start_dev().is_ready()
    with dev.redis() as client:
        client.set("job", "accepted")
        settings = client.config_get("maxmemory-policy", "appendonly", "appendfsync", "port")
    assert settings == {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "port": "0",
    }
    dev.process.terminate()
    assert dev.status() == 0
    with start_dev().is_ready().redis() as client:
        assert client.get("job") == b"accepted"


def test_valkey_and_the_guard_keep_the_data_locked_when_the_supervisor_is_killed(start_dev: StartDev) -> None:
    dev = start_dev().is_ready()
    for name in ("valkey-server", "guard.py"):
        files = Path(f"/proc/{dev.pid_of(name)}/fd").iterdir()
        assert dev.state / "lock" in [file.readlink() for file in files], name


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(start_dev: StartDev, number: signal.Signals) -> None:
    dev = start_dev().is_ready()
    assert len(dev.left()) == 8  # supervisor, guard, Valkey, API, worker, its job and two children of that
    dev.process.send_signal(number)
    assert dev.status() == 0
    assert not dev.left()


def test_ctrl_c_stops_the_api_then_the_worker_then_valkey(start_dev: StartDev) -> None:
    dev = start_dev().is_ready()
    os.killpg(dev.process.pid, signal.SIGINT)
    assert dev.status() == 0
    said = [line for line in dev.lines if "asked to stop" in line or "bye bye" in line]
    assert [line.split()[0] for line in said] == ["api", "worker", "valkey"]
    assert dev.lines[-1] == "dev    | stopped"
    assert not dev.left()


def test_nothing_survives_the_supervisor_being_killed(start_dev: StartDev) -> None:
    dev = start_dev().is_ready()
    dev.process.kill()
    wait_until(lambda: not dev.left())


def test_nothing_survives_a_kill_while_it_stops(start_dev: StartDev) -> None:
    dev = start_dev(worker=["stubborn"]).is_ready()
    dev.process.terminate()
    dev.read_until("worker | was asked to stop")
    dev.process.kill()
    wait_until(lambda: not dev.left())


def test_the_data_can_be_used_again_after_a_kill(start_dev: StartDev) -> None:
    dev = start_dev().is_ready()
    with dev.redis() as client:
        client.set("job", "accepted")
    dev.process.kill()
    wait_until(lambda: not dev.left())
    with start_dev().is_ready().redis() as client:
        assert client.get("job") == b"accepted"


def test_a_second_ctrl_c_skips_the_wait(start_dev: StartDev) -> None:
    dev = start_dev(worker=["stubborn"]).is_ready()
    dev.process.send_signal(signal.SIGINT)
    dev.read_until("worker | was asked to stop")
    time.sleep(ECHO_SECONDS)  # one that comes sooner counts as the first one's echo
    dev.process.send_signal(signal.SIGINT)
    wait_until(lambda: dev.process.poll() is not None, seconds=WORKER_GRACE / 2)
    assert dev.status() == 0
    assert not dev.left()


def test_a_stop_while_it_starts_leaves_nothing(start_dev: StartDev) -> None:
    dev = start_dev()
    dev.read_until("valkey |")
    dev.process.terminate()
    assert dev.status() == 0
    assert not dev.left()


def test_a_terminal_that_is_gone_prevents_no_clean_end(start_dev: StartDev) -> None:
    dev = start_dev().is_ready()
    dev.output.close()
    dev.process.send_signal(signal.SIGHUP)
    assert dev.process.wait(20) == 0
    assert not dev.left()


def test_a_dead_valkey_ends_the_rest_and_gives_a_stubborn_worker_no_grace(start_dev: StartDev) -> None:
    dev = start_dev(worker=["stubborn"]).is_ready()
    os.kill(dev.pid_of("valkey-server"), signal.SIGKILL)
    wait_until(lambda: dev.process.poll() is not None, seconds=WORKER_GRACE / 2)
    assert dev.status() == 1
    assert "dev    | valkey was ended by signal 9; stopping the rest" in dev.lines
    assert not dev.left()


def test_without_its_guard_the_server_does_not_run_on(start_dev: StartDev) -> None:
    dev = start_dev().is_ready()
    os.kill(dev.pid_of("guard.py"), signal.SIGKILL)
    assert dev.status() == 1
    assert "dev    | the guard process was ended by signal 9; stopping the rest" in dev.lines
    assert not dev.left()


def test_a_redis_of_ones_own_takes_the_place_of_valkey(start_dev: StartDev) -> None:
    dev = start_dev(redis_url="redis://redis.example:6379/1").is_ready()
    assert f"api    | redis://redis.example:6379/1 {dev.state} told" in dev.lines
    assert not any("valkey-server" in command for command in dev.left().values())
    dev.process.terminate()
    assert dev.status() == 0


def test_a_long_state_path_has_its_socket_in_a_private_folder_elsewhere(start_dev: StartDev, tmp_path: Path) -> None:
    dev = start_dev(state=tmp_path / ("long name of a 'folder' " * 5)).is_ready()
    with dev.redis() as client:
        path = Path(client.connection_pool.connection_kwargs["path"])
        assert client.config_get("dir")["dir"] == str(dev.state / "valkey")
    assert (path.parent.stat().st_mode & 0o777) == 0o700
    dev.process.terminate()
    assert dev.status() == 0
    assert not path.parent.exists()


def test_a_second_instance_on_the_same_data_is_refused(start_dev: StartDev, free_port: int) -> None:
    first = start_dev().is_ready()
    second = start_dev(port=free_port)
    assert second.status() == 1
    remedy = "stop that one, or choose another directory with --state"
    assert second.lines == [f"{first.state} is in use by another instance; {remedy}"]
    assert first.process.poll() is None


def test_a_port_in_use_is_named_with_its_option(start_dev: StartDev) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        dev = start_dev(port=port)
        assert dev.status() == 1
    assert dev.lines == [f"port {port} is in use by another program; choose another with --port"]


def test_a_state_directory_that_cannot_be_written_is_named(start_dev: StartDev, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    dev = start_dev(state=tmp_path / "file" / "state")
    assert dev.status() == 1
    assert dev.lines == [
        f"the state directory {tmp_path}/file/state is not writable: Not a directory; choose another with --state"
    ]
