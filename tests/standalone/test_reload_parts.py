"""Reloading in production: two APIs and a worker, which are told, as nobody watches the folder."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from reloaded import SECONDS, begin, is_ready, make_folder, restore, save, says, title, url
from serving import Client, OwnValkey, Part, own_valkey, shared_environment, wait_until

JOBS = 100


def parts_on(redis_url: str, folder: Path, tmp_path: Path) -> dict[str, Part]:
    environment = shared_environment(redis_url, folder, tmp_path)
    other = {**environment, **shared_environment(redis_url, folder, tmp_path)}
    return {
        "worker": Part("worker", folder=tmp_path, environment={**environment, "FP_WORKER_LEASE_SECONDS": "20"}),
        "api": Part("serve", folder=tmp_path, environment=environment),
        "other": Part("serve", folder=tmp_path, environment=other),
    }


def start(parts: dict[str, Part]) -> None:
    for part in parts.values():
        part.start()
    for name in parts.keys() - {"worker"}:
        wait_until(lambda name=name: is_ready(parts[name]), 60, parts[name].log)


def stop(parts: dict[str, Part]) -> None:
    running = [part for part in parts.values() if part.process and part.process.poll() is None]
    assert {part.stop() for part in running} <= {0}, parts["worker"].log()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Part]]:
    home = tmp_path_factory.mktemp("parts")
    with own_valkey(home) as valkey:
        parts = parts_on(valkey.url, make_folder(home), home)
        start(parts)
        yield parts
        stop(parts)


@pytest.fixture
def folder(shared: dict[str, Part]) -> Path:
    return Path(shared["api"].environment["FP_PROCESSES_DIR"])


@pytest.fixture
def parts(shared: dict[str, Part], folder: Path) -> dict[str, Part]:
    """All running with the files that every test begins with, and with logs of their own."""
    restore(folder)
    ended = {name: part for name, part in shared.items() if part.process and part.process.poll() is not None}
    for name, part in shared.items():
        part.log_path.write_bytes(b"")
        if name not in ended:
            hang_up(part)
    start(ended)
    for name in shared.keys() - ended.keys():
        wait_until(lambda name=name: "take" in shared[name].log(), SECONDS, shared[name].log)
    worker = shared["worker"]
    with Client(base_url=url(shared["api"]), timeout=60) as client:
        wait_until(lambda: says(client, "old"), SECONDS, worker.log)
    assert worker.process
    process = psutil.Process(worker.process.pid)
    wait_until(lambda: len(process.children()) == 1, SECONDS, worker.log)
    for part in shared.values():
        part.log_path.write_bytes(b"")
    return shared


def hang_up(*parts: Part) -> None:
    for part in parts:
        assert part.process
        part.process.send_signal(signal.SIGHUP)


def reload_worker(parts: dict[str, Part], folder: Path, client: Client) -> None:
    """Until it runs the new code."""
    save(folder, "new")
    hang_up(parts["worker"])
    wait_until(lambda: says(client, "new"), SECONDS, parts["worker"].log)


def test_the_command_reaches_every_api_and_worker(parts: dict[str, Part], folder: Path, tmp_path: Path) -> None:
    with Client(base_url=url(parts["api"]), timeout=60) as client:
        end = tmp_path / "end"
        long = begin(client, end)
        save(folder, "new")
        (folder / "say.yaml").write_text("callable: words.say\nversion: 1.0.1\ntitle: Say\n")
        assert title(parts["api"]) != "Say"
        command = Part("reload", folder=tmp_path, environment=parts["api"].environment)
        command.start()
        assert command.process
        assert command.process.wait(SECONDS) == 0, command.log()
        assert "1 process, nothing wrong; every API and worker reads them again" in command.log()
        wait_until(lambda: title(parts["api"]) == title(parts["other"]) == "Say", SECONDS, parts["other"].log)
        wait_until(lambda: says(client, "new"), SECONDS, parts["worker"].log)
        assert client.status(long)["status"] == "running"
        end.touch()
        assert client.finished(long)["status"] == "successful", parts["worker"].log()
        assert client.get(f"/jobs/{long}/results/result").text == "old"


def test_the_command_tells_nobody_of_wrong_files(parts: dict[str, Part], folder: Path, tmp_path: Path) -> None:
    (folder / "say.yaml").write_text("callable: words.shout\n")
    command = Part("reload", folder=tmp_path, environment=parts["api"].environment)
    command.start()
    assert command.process
    assert command.process.wait(SECONDS) == 1
    assert "say.yaml:1:11: " in command.log()
    assert is_ready(parts["api"])
    assert "taken over" not in parts["api"].log()


def test_a_hangup_reloads_one_process(parts: dict[str, Part], folder: Path) -> None:
    save(folder, "new")
    (folder / "say.yaml").write_text("callable: words.say\nversion: 1.0.1\ntitle: Say\n")
    for name in ("api", "worker"):
        process = parts[name].process
        assert process
        process.send_signal(signal.SIGHUP)
    wait_until(lambda: title(parts["api"]) == "Say", SECONDS, parts["api"].log)
    assert title(parts["other"]) != "Say"
    with Client(base_url=url(parts["other"]), timeout=60) as client:
        wait_until(lambda: says(client, "new"), SECONDS, parts["worker"].log)


def test_a_dismissed_job_of_the_old_code_ends(parts: dict[str, Part], folder: Path, tmp_path: Path) -> None:
    worker = parts["worker"].process
    assert worker
    with Client(base_url=url(parts["api"]), timeout=60) as client:
        long = begin(client, tmp_path / "never")
        heirs = psutil.Process(worker.pid).children()
        reload_worker(parts, folder, client)
        assert client.status(long)["status"] == "running"
        assert client.delete(f"/jobs/{long}").json()["status"] == "dismissed"
        wait_until(lambda: not any(heir.is_running() for heir in heirs), SECONDS, parts["worker"].log)


def test_a_job_whose_old_process_dies_runs_again_with_the_new_code(
    parts: dict[str, Part], folder: Path, tmp_path: Path
) -> None:
    worker = parts["worker"].process
    assert worker
    with Client(base_url=url(parts["api"]), timeout=60) as client:
        end = tmp_path / "end"
        long = begin(client, end)
        (heir,) = psutil.Process(worker.pid).children()
        reload_worker(parts, folder, client)
        heir.kill()
        end.touch()
        assert client.finished(long)["status"] == "successful"
        assert client.get(f"/jobs/{long}/results/result").text == "new"


def test_a_worker_that_is_stopped_after_a_reload_gives_back_the_jobs_of_the_old_code(
    parts: dict[str, Part], folder: Path, tmp_path: Path
) -> None:
    with Client(base_url=url(parts["api"]), timeout=60) as client:
        end = tmp_path / "end"
        long = begin(client, end)
        reload_worker(parts, folder, client)
        assert parts["worker"].stop() == 0
        assert client.status(long)["status"] == "accepted"
        parts["worker"].start()
        end.touch()
        assert client.finished(long)["status"] == "successful"
        assert client.get(f"/jobs/{long}/results/result").text == "new"


def test_a_check_that_hangs_ends_with_its_server(parts: dict[str, Part], folder: Path) -> None:
    serving, working = parts["other"].process, parts["worker"].process
    assert serving
    assert working
    own = psutil.Process(working.pid).children()
    (folder / "words.py").write_text("import time\ntime.sleep(3600)\n")
    for process in (serving, working):
        process.send_signal(signal.SIGHUP)

    def checks() -> list[psutil.Process]:
        found = [*psutil.Process(serving.pid).children(), *psutil.Process(working.pid).children()]
        return [process for process in found if process not in own]

    wait_until(lambda: len(checks()) == 2, SECONDS, parts["other"].log)
    hanging = checks()
    assert is_ready(parts["other"])
    assert [parts[name].stop() for name in ("other", "worker")] == [0, 0]
    wait_until(lambda: not any(process.is_running() for process in hanging), SECONDS)


def test_no_job_is_lost_or_runs_twice_while_reloads_go_on(
    parts: dict[str, Part], folder: Path, tmp_path: Path, figure: Callable[..., None]
) -> None:
    (folder / "note.yaml").write_text("callable: words.note\nversion: 1.0.0\n")
    worker, notes = parts["worker"].process, tmp_path / "notes"
    assert worker
    for name in ("api", "worker"):
        process = parts[name].process
        assert process
        process.send_signal(signal.SIGHUP)
    with Client(base_url=url(parts["api"]), timeout=60) as client:
        wait_until(lambda: client.get("/processes/note").status_code == 200, SECONDS, parts["api"].log)
        for number in range(JOBS):
            client.submit("note", {"file": str(notes), "line": str(number)})
        while client.get("/jobs?status=accepted,running").json()["jobs"]:
            worker.send_signal(signal.SIGHUP)
            time.sleep(0.5)
        listed = client.get("/jobs", params={"limit": JOBS}).json()["jobs"]
        assert {job["status"] for job in listed} == {"successful"}
    assert sorted(map(int, notes.read_text().split())) == list(range(JOBS))
    figure(f"{JOBS} jobs ran once each: reloads of their worker meanwhile", parts["worker"].log().count("takes over"))


def test_a_hangup_of_a_supervisor_reloads_its_api_and_its_workers(redis_url: str, tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    environment = {**shared_environment(redis_url, folder, tmp_path), "FP_WORKERS": "1"}
    serve = Part("serve", folder=tmp_path, environment=environment)
    serve.start()
    assert serve.process
    try:
        wait_until(lambda: is_ready(serve), 60, serve.log)
        wait_until(lambda: "serve    | ready" in serve.log(), SECONDS, serve.log)
        save(folder, "new")
        (folder / "say.yaml").write_text("callable: words.say\nversion: 1.0.1\ntitle: Say\n")
        serve.process.send_signal(signal.SIGHUP)
        wait_until(lambda: title(serve) == "Say", SECONDS, serve.log)
        with Client(base_url=url(serve), timeout=60) as client:
            wait_until(lambda: says(client, "new"), SECONDS, serve.log)
    finally:
        assert serve.stop() == 0, serve.log()


def test_a_running_job_keeps_its_time_limit_over_a_reload_and_new_ones_have_the_new(
    parts: dict[str, Part], folder: Path, tmp_path: Path
) -> None:
    file = folder / "say.yaml"
    never = tmp_path / "never"
    with Client(base_url=url(parts["api"]), timeout=60) as client:
        unlimited = begin(client, never)
        save(folder, "new")
        file.write_text("callable: words.say\nversion: 1.0.1\ntitle: Short\nrun: {timeLimit: {hard: 2s}}\n")
        hang_up(parts["api"], parts["worker"])
        wait_until(lambda: title(parts["api"]) == "Short", SECONDS, parts["api"].log)
        wait_until(lambda: says(client, "new"), SECONDS, parts["worker"].log)
        limited = client.submit("say", {"until": str(never)})
        ended = client.finished(limited)
        assert (ended["status"], "time limit" in str(client.get(f"/jobs/{limited}/results").json())) == ("failed", True)
        assert client.status(unlimited)["status"] == "running"

        second = client.submit("say", {"until": str(never)})
        client.when(second, "running")
        save(folder, "newest")
        file.write_text("callable: words.say\nversion: 1.0.2\ntitle: Long\n")
        hang_up(parts["api"], parts["worker"])
        wait_until(lambda: title(parts["api"]) == "Long", SECONDS, parts["api"].log)
        assert client.finished(second)["status"] == "failed"
        wait_until(lambda: says(client, "newest"), SECONDS, parts["worker"].log)
        assert client.status(unlimited)["status"] == "running"
        client.delete(f"/jobs/{unlimited}")


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[OwnValkey]:
    with own_valkey(tmp_path) as valkey:
        yield valkey


def test_a_reload_while_redis_hangs_leaves_the_old_or_the_new_and_loses_no_job(
    hanging: OwnValkey, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path)
    parts = parts_on(hanging.url, folder, tmp_path)
    start(parts)
    try:
        with Client(base_url=url(parts["api"]), timeout=60) as client:
            end = tmp_path / "end"
            jobs = [client.submit("say", {"until": str(end)}) for _ in range(3)]
            client.when(jobs[0], "running")
            hanging.send(signal.SIGSTOP)
            try:
                save(folder, "new")
                (folder / "say.yaml").write_text("callable: words.say\nversion: 1.0.1\ntitle: Say\n")
                hang_up(*parts.values())
                wait_until(lambda: title(parts["api"]) == title(parts["other"]) == "Say", SECONDS, parts["api"].log)
            finally:
                hanging.send(signal.SIGCONT)
            end.touch()
            for job in jobs:
                assert client.finished(job)["status"] == "successful", parts["worker"].log()
                assert client.get(f"/jobs/{job}/results/result").text in {"old", "new"}
            wait_until(lambda: says(client, "new"), SECONDS, parts["worker"].log)
        assert all(part.process and part.process.poll() is None for part in parts.values())
    finally:
        stop(parts)
