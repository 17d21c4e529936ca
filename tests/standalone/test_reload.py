"""Reloading: what is saved is checked and taken over, running jobs end with the old code, mistakes change nothing."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from serving import Client, Part, Server, shared_environment, wait_until

SECONDS = 30
JOBS = 100

WORDS = """\
import time
from pathlib import Path

WORD = "{word}"


def say(until: str = "") -> str:
    while until and not Path(until).exists():
        time.sleep(0.05)
    return WORD


def note(file: str, line: str) -> str:
    with Path(file).open("a") as notes:
        notes.write(line + "\\n")
    time.sleep(0.1)
    return WORD


def tell(until: str) -> str:
    number = 0
    while not Path(until).exists():
        print(WORD, number)
        number += 1
        time.sleep(0.2)
    return WORD
"""


def save(folder: Path, word: str) -> None:
    """As editors do: beside the file, then in its place."""
    beside = folder / ".words.py.swp"
    beside.write_text(WORDS.format(word=word))
    beside.replace(folder / "words.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "processes.d"
    folder.mkdir()
    save(folder, "old")
    (folder / "say.yaml").write_text("callable: words.say\nversion: 1.0.0\n")
    return folder


@pytest.fixture
def dev(folder: Path, tmp_path: Path) -> Iterator[Server]:
    environment = {"FP_RELOAD": "true", "FP_WORKER_CONCURRENCY": "1", "FP_WORKER_LEASE_SECONDS": "20"}
    server = Server(folder, tmp_path / "state", environment)
    server.start()
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture
def client(dev: Server) -> Iterator[Client]:
    with Client(base_url=dev.url, timeout=60) as client:
        yield client


def says(client: Client, word: str) -> bool:
    response = client.execute("say", {})
    return response.status_code == 200 and response.text == word


def warnings(client: httpx.Client) -> str:
    response = client.get("/health/ready")
    assert response.status_code == 200
    return "\n".join(response.json().get("warnings", []))


def test_a_running_job_ends_with_the_old_code_and_a_new_one_has_the_new(
    dev: Server, client: Client, folder: Path, tmp_path: Path
) -> None:
    end = tmp_path / "end"
    long = client.submit("say", {"until": str(end)})
    client.when(long, "running")
    save(folder, "new")
    wait_until(lambda: "takes over" in dev.log(), SECONDS, dev.log)
    wait_until(lambda: says(client, "new"), SECONDS, dev.log)
    assert client.status(long)["status"] == "running"
    end.touch()
    assert client.finished(long)["status"] == "successful", dev.log()
    assert client.get(f"/jobs/{long}/results/result").text == "old"


def test_a_mistake_changes_nothing_and_is_told_everywhere_until_it_is_mended(
    dev: Server, client: Client, folder: Path
) -> None:
    assert "warnings" not in client.get("/").json()
    (folder / "say.yaml").write_text("callable: words.say\nversion: 1.0.0\ntitel: Say\n")
    fault = 'say.yaml:3:1: there is no member "titel" here'
    wait_until(lambda: fault in warnings(client), SECONDS, dev.log)
    assert fault in client.get("/").json()["warnings"][0]
    wait_until(lambda: "this worker keeps the processes that it has" in dev.log(), SECONDS, dev.log)
    lines = [line.partition(" ERROR   ")[2] for line in dev.log().splitlines()]
    assert [*lines[lines.index("  titel: Say") - 1 :]][:4] == [
        f"processes.d/{fault}",
        "  titel: Say",
        "  ^",
        '  did you mean "title"?',
    ]
    assert says(client, "old")

    (folder / "words.py").write_text("def say(until: str = '') -> str:\n    return WORD +\n")
    wait_until(lambda: "SyntaxError" in dev.log(), SECONDS, dev.log)
    assert says(client, "old")

    (folder / "say.yaml").write_text("callable: words.say\nversion: 1.0.0\ntitle: Say\n")
    save(folder, "mended")
    wait_until(lambda: says(client, "mended"), SECONDS, dev.log)
    wait_until(lambda: not warnings(client), SECONDS, dev.log)
    assert "warnings" not in client.get("/").json()
    assert client.get("/processes/say").json()["title"] == "Say"


def test_what_was_there_before_stays_also_where_it_has_not_run_yet(dev: Server, client: Client, folder: Path) -> None:
    (folder / "words.py").write_text(WORDS.format(word="new") + 'print("imported anew")\n')
    wait_until(lambda: "imported anew" in dev.log(), SECONDS, dev.log)
    (folder / "words.py").write_text("import no_such_helper")
    wait_until(lambda: "no_such_helper" in warnings(client), SECONDS, dev.log)
    assert says(client, "new"), dev.log()


def test_a_new_file_is_published_and_a_removed_one_is_not_there_any_more(
    dev: Server, client: Client, folder: Path
) -> None:
    (folder / "speak.yaml").write_text("callable: words.say\nversion: 1.0.0\nrun: {queue: loud}\n")
    wait_until(lambda: client.get("/processes/speak").status_code == 200, SECONDS, dev.log)
    assert "speak" in {process["id"] for process in client.get("/processes").json()["processes"]}
    wait_until(lambda: client.execute("speak", {}).text == "old", SECONDS, dev.log)
    wait_until(lambda: not warnings(client), SECONDS, dev.log)
    (folder / "speak.yaml").unlink()
    wait_until(lambda: client.get("/processes/speak").status_code == 404, SECONDS, dev.log)
    assert says(client, "old")
    (folder / "say.yaml").unlink()
    wait_until(lambda: "there is no description file" in warnings(client), SECONDS, dev.log)
    assert says(client, "old")


def lines(client: Client, job_id: str) -> list[str]:
    return [line["text"] for line in client.get(f"/jobs/{job_id}/logs").json()]


def test_what_a_job_of_the_old_code_prints_is_kept_before_during_and_after_a_reload(
    dev: Server, client: Client, folder: Path, tmp_path: Path
) -> None:
    (folder / "tell.yaml").write_text("callable: words.tell\nversion: 1.0.0\n")
    wait_until(lambda: client.get("/processes/tell").status_code == 200, SECONDS, dev.log)
    end = tmp_path / "end"
    job = client.submit("tell", {"until": str(end)})
    wait_until(lambda: len(lines(client, job)) > 2, SECONDS, dev.log)
    for word in ("new", "newer"):
        save(folder, word)
        wait_until(lambda word=word: says(client, word), SECONDS, dev.log)
        before = len(lines(client, job))
        wait_until(lambda before=before: len(lines(client, job)) > before + 2, SECONDS, dev.log)
    end.touch()
    assert client.finished(job)["status"] == "successful", dev.log()
    assert client.get(f"/jobs/{job}/results/result").text == "old"
    said = lines(client, job)
    assert said == [f"old {number}" for number in range(len(said))]


def family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def open_files(processes: list[psutil.Process]) -> dict[str, int]:
    """By command line: those of children tell of their parent's, too."""
    return {" ".join(process.cmdline()): process.num_fds() for process in processes}


def test_ten_reloads_leave_no_process_and_no_open_file(dev: Server, client: Client, folder: Path) -> None:
    assert dev.process
    supervisor = psutil.Process(dev.process.pid)
    assert says(client, "old")
    first = family(supervisor)
    save(folder, "first")  # what a reload opens for good is open then
    wait_until(lambda: says(client, "first"), SECONDS, dev.log)

    def is_settled() -> bool:
        return len(family(supervisor)) == len(first)

    wait_until(is_settled, SECONDS, dev.log)
    before = open_files(family(supervisor))
    for word in map(str, range(10)):
        save(folder, word)
        wait_until(lambda word=word: says(client, word), SECONDS, dev.log)
    wait_until(is_settled, SECONDS, lambda: "\n".join(" ".join(p.cmdline()) for p in family(supervisor)))
    after = open_files(family(supervisor))
    assert set(after) == set(before)
    assert all(after[command] <= before[command] + 2 for command in after), (before, after)
    assert "ended" not in dev.log()


@pytest.fixture
def parts(redis_url: str, folder: Path, tmp_path: Path) -> Iterator[dict[str, Part]]:
    """Two APIs and a worker, as in production: nobody watches the folder."""
    environment = shared_environment(redis_url, folder, tmp_path)
    other = {**environment, **shared_environment(redis_url, folder, tmp_path)}
    parts = {
        "worker": Part("worker", folder=tmp_path, environment={**environment, "FP_WORKER_LEASE_SECONDS": "20"}),
        "api": Part("serve", folder=tmp_path, environment=environment),
        "other": Part("serve", folder=tmp_path, environment=other),
    }
    for part in parts.values():
        part.start()
    for name in ("api", "other"):
        wait_until(lambda name=name: is_ready(parts[name]), 60, parts[name].log)
    yield parts
    running = [part for part in parts.values() if part.process and part.process.poll() is None]
    assert {part.stop() for part in running} <= {0}, parts["worker"].log()


def url(part: Part) -> str:
    return f"http://localhost:{part.environment['FP_PORT']}"


def is_ready(part: Part) -> bool:
    try:
        return httpx.get(f"{url(part)}/health/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def title(part: Part) -> str:
    text: str = httpx.get(f"{url(part)}/processes/say").json().get("title", "")
    return text


def test_the_command_reaches_every_api_and_worker(parts: dict[str, Part], folder: Path, tmp_path: Path) -> None:
    with Client(base_url=url(parts["api"]), timeout=60) as client:
        end = tmp_path / "end"
        long = client.submit("say", {"until": str(end)})
        client.when(long, "running")
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
        long = client.submit("say", {"until": str(tmp_path / "never")})
        client.when(long, "running")
        heirs = psutil.Process(worker.pid).children()
        save(folder, "new")
        worker.send_signal(signal.SIGHUP)
        wait_until(lambda: says(client, "new"), SECONDS, parts["worker"].log)
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
        long = client.submit("say", {"until": str(end)})
        client.when(long, "running")
        (heir,) = psutil.Process(worker.pid).children()
        save(folder, "new")
        worker.send_signal(signal.SIGHUP)
        wait_until(lambda: says(client, "new"), SECONDS, parts["worker"].log)
        heir.kill()
        end.touch()
        assert client.finished(long)["status"] == "successful"
        assert client.get(f"/jobs/{long}/results/result").text == "new"


def test_a_worker_that_is_stopped_after_a_reload_gives_back_the_jobs_of_the_old_code(
    parts: dict[str, Part], folder: Path, tmp_path: Path
) -> None:
    worker = parts["worker"].process
    assert worker
    with Client(base_url=url(parts["api"]), timeout=60) as client:
        end = tmp_path / "end"
        long = client.submit("say", {"until": str(end)})
        client.when(long, "running")
        save(folder, "new")
        worker.send_signal(signal.SIGHUP)
        wait_until(lambda: says(client, "new"), SECONDS, parts["worker"].log)
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
        jobs = [client.submit("note", {"file": str(notes), "line": str(number)}) for number in range(JOBS)]
        while jobs:
            worker.send_signal(signal.SIGHUP)
            jobs = [job for job in jobs if client.status(job)["status"] in {"accepted", "running"}]
            time.sleep(0.3)
        listed = client.get("/jobs", params={"limit": JOBS}).json()["jobs"]
        assert {job["status"] for job in listed} == {"successful"}
    assert sorted(map(int, notes.read_text().split())) == list(range(JOBS))
    figure(f"{JOBS} jobs ran once each: reloads of their worker meanwhile", parts["worker"].log().count("takes over"))


def test_a_hangup_of_a_supervisor_reloads_its_api_and_its_workers(redis_url: str, folder: Path, tmp_path: Path) -> None:
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
