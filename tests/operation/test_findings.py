"""What `doctor` makes of what it sees."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from serving import free_port
from upper import make_process

from fastprocesses_server.jobs.survey import Offer, Survey, Worker
from fastprocesses_server.operation.findings import (
    Finding,
    Folder,
    Level,
    Listening,
    Met,
    of_address,
    of_clock,
    of_exposure,
    of_folder,
    of_rights,
    of_settings,
    of_store,
    of_ways,
    of_workers,
    worst,
)
from fastprocesses_server.settings import Settings, given_settings, load_settings, setting_names

Command = Callable[..., tuple[int, str]]

GIB = 1024**3
FIT = {"redis_version": "7.2.4", "aof_enabled": 1, "maxmemory_policy": "noeviction", "role": "master"}
PROCESS = make_process()
SAME = {"upper": Offer("1.0.0", "f")}


def faults(findings: Iterable[Finding]) -> list[str]:
    return [finding.text for finding in findings if finding.level == Level.FAULT]


def warnings(findings: Iterable[Finding]) -> list[str]:
    return [finding.text for finding in findings if finding.level == Level.WARNING]


def sight(*workers: Worker, **waiting: int) -> Survey:
    return Survey(FIT, "store", 0.0, workers, waiting)


def worker(offers: dict[str, Offer], *queues: str) -> Worker:
    return Worker("one", queues or ("default",), "mark", offers)


def test_a_fit_redis_is_ok() -> None:
    [finding] = of_store(FIT)
    assert finding == Finding(Level.OK, "redis", "Redis 7.2.4 answers: noeviction, AOF")


def test_a_redis_that_may_lose_jobs_is_named_with_its_remedy() -> None:
    found = [*of_store({**FIT, "maxmemory_policy": "allkeys-lru", "aof_enabled": 0})]
    assert worst(found) == Level.FAULT
    remedies = [finding.remedy for finding in found if finding.level != Level.OK]
    assert remedies == ["CONFIG SET maxmemory-policy noeviction", "CONFIG SET appendonly yes"]


def test_a_redis_that_is_nearly_full_is_a_warning() -> None:
    assert not warnings(of_store({**FIT, "maxmemory": 100, "used_memory": 80}))
    assert warnings(of_store({**FIT, "maxmemory": 100, "used_memory": 81}))


@pytest.mark.parametrize(("ahead", "said"), [(3.0, "3.0 s behind Redis"), (-3.0, "3.0 s ahead of Redis")])
def test_clocks_that_differ_are_a_warning(ahead: float, said: str) -> None:
    assert of_clock(0.5).level == Level.OK
    assert said in of_clock(ahead).text


def test_workers_with_the_same_files_are_ok() -> None:
    assert worst(of_workers([PROCESS], sight(worker(SAME)))) == Level.OK


@pytest.mark.parametrize(
    ("offers", "said"),
    [
        ({}, "worker one has no upper 1.0.0"),
        ({"upper": Offer("1.0.0", "g")}, "worker one has other files of upper 1.0.0 than this machine"),
        ({"upper": Offer("0.9.0", "f")}, "worker one has an older version of upper 1.0.0: 0.9.0"),
        ({"upper": Offer("1.1.0", "f")}, "worker one has a newer version of upper 1.0.0: 1.1.0"),
    ],
)
def test_workers_with_other_files_are_named(offers: dict[str, Offer], said: str) -> None:
    assert warnings(of_workers([PROCESS], sight(worker(offers)))) == [said]


def test_a_queue_without_a_worker_is_a_fault() -> None:
    assert faults(of_workers([PROCESS], sight(default=2))) == ["no worker serves the queue default; 2 jobs wait in it"]
    assert faults(of_workers([PROCESS], sight(worker(SAME, "default"), heavy=1))) == [
        "no worker serves the queue heavy; 1 job waits in it"
    ]
    assert not faults(of_workers([PROCESS], sight(worker(SAME, "default"), heavy=0)))


def folder(**members: Any) -> Folder:
    return Folder(
        **{
            "path": "/results",
            "exists": True,
            "is_writable": True,
            "mark": "mark",
            "free": 50 * GIB,
            "total": 100 * GIB,
            **members,
        }
    )


def test_a_folder_that_all_see_is_ok() -> None:
    assert worst(of_folder(folder(), ["mark", "mark"])) == Level.OK


def test_a_folder_that_is_another_or_cannot_be_written_is_a_fault() -> None:
    others = faults(of_folder(folder(), ["mark", "other"]))
    assert others == ["1 of 2 workers do not see the folder of results that this machine sees"]
    assert faults(of_folder(folder(is_writable=False), [])) == ["this user cannot write /results"]
    assert worst(of_folder(folder(exists=False), [])) == Level.WARNING


@pytest.mark.parametrize(("free", "level"), [(50 * GIB, Level.OK), (GIB, Level.WARNING), (GIB // 8, Level.FAULT)])
def test_little_room_is_told_in_time(free: int, level: Level) -> None:
    assert worst(of_folder(folder(free=free), [])) == level


def test_the_address_is_free_ours_or_anothers() -> None:
    where = "http://127.0.0.1:8000"
    assert worst(of_address(Met(Listening.NOBODY, where))) == Level.OK
    assert worst(of_address(Met(Listening.OURS, where))) == Level.OK
    assert faults(of_address(Met(Listening.ANOTHER, where))) == [f"another program answers at {where}"]
    assert faults(of_address(Met(Listening.OURS, where, reasons=("the job store is away",)))) == [
        "the job store is away"
    ]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "server.example"])
def test_listening_to_all_without_auth_is_a_warning(host: str) -> None:
    assert Settings(host=host).is_public
    assert warnings(of_exposure(host, is_public=True, asks_who=False))
    assert not [*of_exposure(host, is_public=True, asks_who=True)]


@pytest.mark.parametrize(
    "where", [{"host": "127.0.0.1"}, {"host": "::1"}, {"host": "localhost"}, {"host": "::", "unix_socket": "api.sock"}]
)
def test_listening_to_this_machine_is_not(where: dict[str, Any]) -> None:
    assert not Settings(**where).is_public
    assert not [*of_exposure("127.0.0.1", is_public=False, asks_who=False)]


def test_a_way_without_tls_is_a_warning_with_its_remedy() -> None:
    [finding] = of_ways([("FP_JWT_JWKS_URL=http://a.example has no TLS", "use https")])
    assert (finding.level, finding.subject, finding.remedy) == (Level.WARNING, "settings", "use https")


def test_what_everybody_may_change_is_a_fault() -> None:
    assert worst(of_rights([], [])) == Level.OK
    assert worst(of_rights([], [".env"])) == Level.WARNING
    [finding] = of_rights(["processes.d/a.py"], [])
    assert (finding.level, finding.remedy) == (Level.FAULT, "chmod o-w processes.d/a.py")


def test_settings_are_told_with_where_they_come_from() -> None:
    given = {"FP_PORT": ("8001", ".env")}
    assert [finding.text for finding in of_settings(given, [])] == ["FP_PORT = 8001 (.env)"]
    assert warnings(of_settings({}, ["FP_PROT is no setting"])) == ["FP_PROT is no setting"]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a process, where nothing is set but a Redis that is not there."""
    monkeypatch.chdir(tmp_path)
    for name in {name for names in setting_names().values() for name in names} | {
        n for n in os.environ if n[:3] == "FP_"
    }:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FP_REDIS_URL", "redis://:canary@127.0.0.1:1/0")
    (tmp_path / "processes.d").mkdir()
    (tmp_path / "processes.d" / "mine.py").write_text("def mine(text: str) -> str:\n    return text\n")
    (tmp_path / "processes.d" / "mine.yaml").write_text("callable: mine.mine\nversion: 1.0.0\n")
    return tmp_path


def test_the_doctor_changes_nothing_and_shows_no_secret(
    bare: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    (bare / ".env").write_text(f"FP_PORT={port}\n")
    (bare / ".env").chmod(0o600)
    (bare / "processes.d" / "mine.py").chmod(0o666)
    before = sorted(path for path in bare.rglob("*") if "__pycache__" not in path.parts)
    status, text = command("doctor", "--format", "json")
    document = json.loads(text)
    found = {finding["text"]: finding["level"] for finding in document["findings"]}
    assert (status, document["status"]) == (1, "fault")
    assert found["FP_REDIS_URL = ********** (environment)"] == "ok"
    assert found[f"FP_PORT = {port} (.env)"] == "ok"
    assert found[f"http://127.0.0.1:{port} is free; no server runs there"] == "ok"
    assert found["the Redis of the jobs is away"] == "fault"
    assert any("may change processes.d/mine.py" in text for text in found)
    assert "canary" not in text
    assert sorted(path for path in bare.rglob("*") if "__pycache__" not in path.parts) == before


def test_settings_without_meaning_are_a_finding(bare: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FP_PORT", "many")
    status, text = command("doctor")
    assert status == 1
    assert text.startswith("fault    settings   FP_PORT: ")
    assert text.endswith("\n1 fault, 0 warnings\n")


def test_another_program_at_the_port_is_a_fault(bare: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("FP_PORT", str(other.getsockname()[1]))

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        thread = threading.Thread(target=answer)
        thread.start()
        assert "another program answers at" in command("doctor")[1]
        thread.join()


def test_where_a_setting_comes_from_is_told(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / "secret").write_text("canary")
    environment = {"CELERY_BROKER_PASSWORD_FILE": str(bare / "secret"), "LOG_LEVEL": "DEBUG"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    given = given_settings(load_settings(port=1), dict(os.environ))
    assert given["FP_BROKER_PASSWORD"] == ("**********", "file of CELERY_BROKER_PASSWORD_FILE")
    assert given["FP_LOG_LEVEL"] == ("DEBUG", "environment")
    assert given["FP_PORT"] == ("1", "option")
