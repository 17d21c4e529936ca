"""`jobs`: what an operator does with the jobs of a store, here one without API and workers."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from upper import ask_store, make_process

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.leases import Leases, Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.processes.registry import Registry
from fastprocesses_server.settings import Settings

Command = Callable[..., tuple[int, str]]

WAITING, DONE, BROKEN, NEWEST = "waiting", "done", "broken", "newest"
PROBLEM = {"title": "Failed", "status": 500, "detail": "no such town"}


@pytest.fixture(autouse=True)
def store(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A job that is successful, one that failed, and two that wait."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("FP_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "processes.d"
    folder.mkdir()
    (folder / "upper_text.py").write_text("def upper(text: str) -> str:\n    return text.upper()\n")
    (folder / "upper.yaml").write_text("callable: upper_text.upper\nversion: 1.0.0\n")
    monkeypatch.setenv("FP_REDIS_URL", redis_url)
    monkeypatch.setenv("FP_RESULTS_DIR", str(tmp_path / "results"))
    for job_id in (DONE, BROKEN, WAITING, NEWEST):
        create(redis_url, job_id)
        time.sleep(0.002)  # for an order that is known
    end(redis_url, DONE, Status.SUCCESSFUL, b"{}")
    end(redis_url, BROKEN, Status.FAILED, json.dumps(PROBLEM).encode())
    return redis_url


def create(url: str, job_id: str) -> None:
    execution = RequestReader(make_process()).read({"inputs": {"text": job_id}})
    ask_store(url, "create", job_id, execution, is_public=True)


def end(url: str, job_id: str, status: Status, document: bytes) -> None:
    process = make_process()
    with connect(url) as redis:
        leases = Leases(redis, Settings(), Registry({process.id: process}), "one", ("default",))
        claim = leases.claim(job_id)
        assert claim
        leases.commit(job_id, claim.job.attempt, Outcome(status, document))


def listed(command: Command, *options: str) -> list[str]:
    status, text = command("jobs", "list", *options, "--format", "json")
    assert status == 0, text
    return [job["jobID"] for job in json.loads(text)]


def test_jobs_are_listed_newest_first_as_a_table(command: Command) -> None:
    status, text = command("jobs", "list")
    head, *rows = text.splitlines()
    assert status == 0
    assert head.split() == ["JOB", "STATUS", "PROCESS", "VERSION", "CREATED", "SECONDS", "PROGRESS", "MESSAGE"]
    assert [row.split()[0] for row in rows] == [NEWEST, WAITING, BROKEN, DONE]
    assert "no such town" in rows[2]


def test_the_list_is_filtered_as_that_of_the_api(command: Command) -> None:
    assert listed(command, "--status", "failed", "--status", "successful") == [BROKEN, DONE]
    assert listed(command, "--process", "upper", "--limit", "1") == [NEWEST]
    assert listed(command, "--process", "other") == []
    assert len(listed(command, "--since", "1h")) == 4
    assert listed(command, "--since", "2999-01-01T00:00:00Z") == []


def test_a_status_that_there_is_not_is_misuse(command: Command) -> None:
    assert command("jobs", "list", "--status", "finished")[0] == 2
    assert command("jobs", "prune", "--older-than", "1h", "--status", "running")[0] == 2


def test_a_time_that_means_nothing_is_misuse(command: Command) -> None:
    status, text = command("jobs", "list", "--since", "yesterday")
    assert status == 2
    assert "--since: write 30d" in text


def test_a_job_is_shown_with_its_request_and_why_it_failed(command: Command) -> None:
    assert "no such town" in command("jobs", "show", BROKEN)[1]
    document: Any = json.loads(command("jobs", "show", BROKEN, "--format", "json")[1])
    assert document["status"] == "failed"
    assert document["request"]["inputs"] == {"text": BROKEN}


@pytest.mark.parametrize("name", ["show", "dismiss", "rerun"])
def test_a_job_that_is_not_there_is_status_1(command: Command, name: str) -> None:
    status, text = command("jobs", name, "nowhere")
    assert (status, text.count("there is no job nowhere")) == (1, 1)


def test_a_job_is_dismissed_once(command: Command) -> None:
    assert command("jobs", "dismiss", WAITING) == (0, f"{WAITING} is dismissed\n")
    status, text = command("jobs", "dismiss", WAITING)
    assert status == 1
    assert "it is dismissed" in text


def test_a_rerun_is_a_new_job_with_the_same_request(command: Command, store: str) -> None:
    status, text = command("jobs", "rerun", BROKEN)
    assert status == 0, text
    new = text.splitlines()[0]
    assert listed(command)[0] == new
    document = json.loads(command("jobs", "show", new, "--format", "json")[1])
    assert (document["status"], document["request"]["inputs"]) == ("accepted", {"text": BROKEN})
    with connect(store) as redis:
        assert redis.zcard("fp:waiting:default") == 3  # it waits in the queue, with the two that did before


def test_a_process_that_takes_other_inputs_now_is_not_run_again(command: Command, tmp_path: Path) -> None:
    (tmp_path / "processes.d" / "upper_text.py").write_text("def upper(number: int) -> str:\n    return str(number)\n")
    status, text = command("jobs", "rerun", BROKEN)
    assert status == 1
    assert "takes other inputs than job broken has" in text


def test_pruning_removes_what_ended_long_ago_with_its_files(command: Command, tmp_path: Path) -> None:
    files = tmp_path / "results" / "jobs" / DONE / "run"
    files.mkdir(parents=True)
    assert command("jobs", "prune", "--older-than", "1h", "--yes") == (0, "0 jobs are removed\n")
    assert command("jobs", "prune", "--older-than", "1ms", "--status", "successful", "--yes") == (
        0,
        "1 job is removed\n",
    )
    assert not files.exists()
    assert listed(command) == [NEWEST, WAITING, BROKEN]


def test_pruning_asks_first(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.confirm", refuse)
    assert command("jobs", "prune", "--older-than", "1ms")[0] == 1
    assert len(listed(command)) == 4


def refuse(text: str, **_: object) -> None:
    assert text.startswith("Remove 2 jobs that ended before")
    raise typer.Abort


def test_a_redis_that_is_away_is_said_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FP_REDIS_URL", "redis://127.0.0.1:1/0")
    assert command("jobs", "list") == (1, "the Redis of the jobs is away\n")
