"""Backup and restore as docs/operation.md has them: the data of Redis first, then the folder of results."""

import shutil
from pathlib import Path
from typing import Any

from serving import OwnValkey, own_valkey, wait_until
from upper import ask_store, create_job, make_process, make_registry

from fastprocesses_server.execution.media_type import Kind
from fastprocesses_server.execution.outputs import EncodedOutput, read_manifest, write_manifest
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.folder import look, mark_of
from fastprocesses_server.jobs.leases import Leases, Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.jobs.results import LARGEST_VALUE, ResultStore
from fastprocesses_server.settings import Settings

LARGE = b"x" * (LARGEST_VALUE + 1)
DONE, WAITING = "done", "waiting"


def finish(url: str, results: ResultStore, job_id: str) -> None:
    with connect(url) as redis:
        leases = Leases(redis, Settings(), make_registry(), "one", ("default",))
        leases.look_at(results.folder)
        claim = leases.claim(job_id)
        assert claim
        outputs = results.write(job_id, "run", [EncodedOutput("result", "text/plain", Kind.TEXT, LARGE)])
        leases.commit(job_id, claim.job.attempt, Outcome(Status.SUCCESSFUL, write_manifest(outputs), has_files=True))


def back_up(valkey: OwnValkey, results: Path, copy: Path) -> None:
    with connect(valkey.url) as redis:
        redis.bgsave()
        wait_until(lambda: (valkey.valkey.data / "dump.rdb").exists() and not _info(redis, "rdb_bgsave_in_progress"))
    copy.mkdir()
    shutil.copy(valkey.valkey.data / "dump.rdb", copy)
    shutil.copytree(results, copy / "results")


def _info(redis: Any, name: str) -> Any:
    return redis.info("persistence")[name]


def restore(copy: Path, valkey: OwnValkey, results: Path) -> None:
    """A Valkey with an AOF reads nothing else; so it begins without one."""
    valkey.kill()
    shutil.rmtree(valkey.valkey.data / "appendonlydir")
    shutil.copy(copy / "dump.rdb", valkey.valkey.data)
    shutil.copytree(copy / "results", results)
    valkey.start("appendonly no\n")
    wait_until(valkey.answers)
    with connect(valkey.url) as redis:
        redis.config_set("appendonly", "yes")
        wait_until(lambda: not _info(redis, "aof_rewrite_in_progress") and not _info(redis, "aof_rewrite_scheduled"))
    valkey.kill()
    valkey.start()
    wait_until(valkey.answers)


def test_jobs_results_and_queue_come_back(tmp_path: Path) -> None:
    results = ResultStore(tmp_path / "results")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with own_valkey(tmp_path / "one") as old, own_valkey(tmp_path / "two") as new:
        for job_id in (DONE, WAITING):
            create_job(old.url, job_id, make_process())
        finish(old.url, results, DONE)
        back_up(old, results.folder, tmp_path / "copy")
        restored = ResultStore(tmp_path / "restored")
        restore(tmp_path / "copy", new, restored.folder)

        assert ask_store(new.url, "read", DONE) == ask_store(old.url, "read", DONE)
        outputs = read_manifest(ask_store(new.url, "manifest", DONE))
        assert (restored.folder / str(outputs["result"].file)).read_bytes() == LARGE
        store: bytes = ask_store(new.url, "identify")
        assert mark_of(restored.folder, store).startswith(store)
        assert look(restored.folder, store) == look(results.folder, store)
        finish(new.url, restored, WAITING)
        assert ask_store(new.url, "read", WAITING).status == Status.SUCCESSFUL
