"""Files of results: who owns them, and when they go."""

import os
import shutil
from pathlib import Path

import pytest

from fastprocesses_server.execution.media_type import Kind
from fastprocesses_server.execution.outputs import EncodedOutput, read_manifest, write_manifest
from fastprocesses_server.jobs import sweep as sweeps
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.results import LARGEST_VALUE, ResultStore
from fastprocesses_server.jobs.sweep import SPARED_SECONDS, sweep


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "results")


def encoded(body: bytes | Path, name: str = "out") -> EncodedOutput:
    return EncodedOutput(name, "application/octet-stream", Kind.BINARY, body)


def test_the_threshold_lies_between_values_and_files(store: ResultStore) -> None:
    small, large = store.write(
        "job", "1", [encoded(b"x" * LARGEST_VALUE), encoded(b"x" * (LARGEST_VALUE + 1), "large")]
    )
    assert small.file is None
    assert large.body is None
    assert (store.folder / str(large.file)).stat().st_size == large.size == LARGEST_VALUE + 1


def test_a_manifest_is_read_as_it_was_written(store: ResultStore) -> None:
    outputs = store.write("job", "1", [encoded(b"\x00\xff"), encoded(b"y" * 100_000, "large")])
    assert list(read_manifest(write_manifest(outputs)).values()) == outputs


def test_a_file_of_the_workdir_is_moved_and_another_is_copied(store: ResultStore, tmp_path: Path) -> None:
    workdir = store.workdir("job", "1")
    workdir.mkdir(parents=True)
    own, other = workdir / "own.bin", tmp_path / "other.bin"
    own.write_bytes(b"own")
    other.write_bytes(b"other")
    stored = store.write("job", "1", [encoded(own, "own"), encoded(other, "other")])
    assert [(store.folder / str(output.file)).read_bytes() for output in stored] == [b"own", b"other"]
    assert not own.exists()
    assert other.exists()


def test_a_link_outside_the_workdir_is_copied_not_moved(store: ResultStore, tmp_path: Path) -> None:
    workdir = store.workdir("job", "1")
    workdir.mkdir(parents=True)
    (tmp_path / "data.bin").write_bytes(b"the author's")
    (workdir / "link").symlink_to(tmp_path / "data.bin")
    (stored,) = store.write("job", "1", [encoded(workdir / "link")])
    assert (store.folder / str(stored.file)).read_bytes() == b"the author's"
    assert (tmp_path / "data.bin").exists()


def test_each_owner_has_files_of_its_own(store: ResultStore) -> None:
    outputs = store.write("job", "1", [encoded(b"x" * 100_000)])
    linked = store.link(outputs, Path("cache") / "key")
    store.remove_job("job")
    assert not store.holds(outputs)
    assert store.holds(linked)


def test_an_output_name_cannot_leave_its_folder(store: ResultStore) -> None:
    for name in ("../../../escape", "..", "a/b"):
        (stored,) = store.write("job", "1", [encoded(b"x" * 100_000, name)])
        assert (store.folder / str(stored.file)).resolve().parent == store.folder.resolve() / "jobs" / "job" / "1"


def test_only_old_files_without_an_owner_are_swept(store: ResultStore, redis_url: str) -> None:
    for job in ("kept", "gone", "young"):
        store.write(job, "1", [encoded(b"x" * 100_000)])
    store.link(store.write("other", "1", [encoded(b"x" * 100_000)]), Path("cache") / "key" / "1")
    store.workdir("killed", "2").mkdir(parents=True)
    for folder in ("jobs/kept", "jobs/gone/1", "jobs/gone", "cache/key/1", "cache/key", "work/killed.2"):
        os.utime(store.folder / folder, (0, 0))
    assert SPARED_SECONDS >= 600
    with connect(redis_url) as redis:
        redis.set("fp:job:kept:results", "[]")
        assert sweep(redis, redis, store.folder, b"this") == 3
        assert sorted(path.name for path in (store.folder / "jobs").iterdir()) == ["kept", "other", "young"]
        os.utime(store.folder / "jobs" / "kept", (0, 0))
        redis.flushall()
        assert sweep(redis, redis, store.folder, b"other") == 0  # another Redis knows nothing of this folder
    for part in ("cache", "work"):
        assert not list((store.folder / part).iterdir())


def test_what_a_later_run_publishes_meanwhile_is_not_swept(
    store: ResultStore, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remains, removed = store.write("job", "1", [encoded(b"x" * 100_000)]), []
    for folder in ("jobs/job/1", "jobs/job"):
        os.utime(store.folder / folder, (0, 0))
    with connect(redis_url) as redis:

        def publish_and_remove(path: Path, **_: object) -> None:
            outputs = store.write("job", "2", [encoded(b"y" * 100_000)])
            redis.set("fp:job:job:results", write_manifest(outputs))
            removed.append(path)
            rmtree(path)

        rmtree = shutil.rmtree
        monkeypatch.setattr(sweeps.shutil, "rmtree", publish_and_remove)  # type: ignore[attr-defined] # imported there
        assert sweep(redis, redis, store.folder, b"this") == 1
        assert not store.holds(remains)
        assert store.holds(read_manifest(redis.get("fp:job:job:results")).values())  # type: ignore[arg-type]
        assert removed == [store.folder / "jobs" / "job" / "1"]
