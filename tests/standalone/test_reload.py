"""Reloading in `dev`: what is saved is taken over, running jobs end with the old code, mistakes change nothing."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from reloaded import SECONDS, WORDS, begin, make_folder, restore, save, says
from serving import Client, Server, wait_until


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("reload")
    environment = {"FP_RELOAD": "true", "FP_WORKER_CONCURRENCY": "1", "FP_WORKER_LEASE_SECONDS": "20"}
    server = Server(make_folder(home), home / "state", environment)
    server.start()
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture
def client(shared: Server) -> Iterator[Client]:
    with Client(base_url=shared.url, timeout=60) as client:
        yield client


@pytest.fixture
def folder(shared: Server) -> Path:
    return shared.state.parent / "processes.d"


@pytest.fixture
def dev(shared: Server, client: Client, folder: Path) -> Server:
    """With the files that every test begins with, and a log of its own."""
    shared.log_path.write_bytes(b"")
    restore(folder)
    wait_until(lambda: "takes over" in shared.log(), SECONDS, shared.log)
    wait_until(lambda: says(client, "old"), SECONDS, shared.log)
    wait_until(lambda: not warnings(client), SECONDS, shared.log)
    shared.log_path.write_bytes(b"")
    return shared


def warnings(client: httpx.Client) -> str:
    response = client.get("/health/ready")
    assert response.status_code == 200
    return "\n".join(response.json().get("warnings", []))


def test_a_running_job_ends_with_the_old_code_and_a_new_one_has_the_new(
    dev: Server, client: Client, folder: Path, tmp_path: Path
) -> None:
    end = tmp_path / "end"
    long = begin(client, end)
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


def test_six_reloads_leave_no_process_and_no_open_file(dev: Server, client: Client, folder: Path) -> None:
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
    for word in map(str, range(6)):
        save(folder, word)
        wait_until(lambda word=word: says(client, word), SECONDS, dev.log)
    wait_until(is_settled, SECONDS, lambda: "\n".join(" ".join(p.cmdline()) for p in family(supervisor)))
    after = open_files(family(supervisor))
    assert set(after) == set(before)
    assert all(after[command] <= before[command] + 2 for command in after), (before, after)
    assert "ended" not in dev.log()


def test_a_version_that_nobody_says_is_told_once(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    (folder / "say.yaml").write_text("callable: words.say\n")
    server = Server(folder, tmp_path / "state", {"FP_WORKER_CONCURRENCY": "1", "FP_WORKER_QUEUES": "default,strange"})
    server.start()
    try:
        assert server.log().count("neither the file nor words says a version") == 1
        assert 'no description file names the queue "strange"' in server.log()
    finally:
        assert server.stop() == 0, server.log()
