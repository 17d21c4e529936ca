"""Jobs that joined an equal one get its outputs, with files of their own; what if there is no place for these."""

import errno
from pathlib import Path

import pytest
from bench import Bench
from upper import make_registry

from fastprocesses_server.execution.media_type import Kind
from fastprocesses_server.execution.outputs import EncodedOutput, StoredOutput, read_manifest, write_manifest
from fastprocesses_server.jobs.leases import Outcome
from fastprocesses_server.jobs.record import Status
from fastprocesses_server.jobs.results import ResultStore
from fastprocesses_server.settings import Settings
from fastprocesses_server.worker.runner import Run, Runner
from fastprocesses_server.worker.turn import Turn

FULL = OSError(errno.ENOSPC, "No space left on device")


class Full(ResultStore):
    """Has no place for the files of some owners."""

    without: tuple[str, ...] = ()

    def _link(self, output: StoredOutput, place: Path) -> StoredOutput:
        if place.parts[1] in self.without:
            raise FULL
        return super()._link(output, place)


def commit(bench: Bench, without: tuple[str, ...]) -> Full:
    """A run of the job `a`, which `b`, `c` and `d` have joined, is successful with a file."""
    runner = Runner(make_registry(), Settings(), "one", capture=None, turn=Turn(lambda: True), queues=())  # type: ignore[arg-type] # nothing is said
    runner.leases, runner.results = bench.one, Full(Path("results"))
    runner.results.without = without
    for job_id in "abcd":
        bench.create(job_id, key="k")
    bench.redis.delete("default")
    claim = bench.one.claim("a")
    assert claim
    output = EncodedOutput("out", "application/octet-stream", Kind.BINARY, b"x" * 100_000)
    stored = runner.results.write("a", "run", [output])
    outcome = Outcome(Status.SUCCESSFUL, write_manifest(stored), True)
    assert runner._commit(claim.job, Run("run", stored, outcome), claim.memory_limit) is True
    return runner.results


def test_each_has_files_of_its_own(bench: Bench) -> None:
    results = commit(bench, without=())
    for job_id in "abcd":
        assert bench.read(job_id).status == Status.SUCCESSFUL
        outputs = read_manifest(bench.ask("manifest", job_id))
        assert outputs["out"].file == f"jobs/{job_id}/run/out.output"
        assert results.holds(outputs.values())
    assert bench.redis.exists("fp:joint:k") == 0


@pytest.mark.parametrize("without", [("b", "d"), ("b", "c", "d")])
def test_those_without_a_place_for_their_files_run_by_themselves(bench: Bench, without: tuple[str, ...]) -> None:
    commit(bench, without)
    for job_id in "abcd":
        expected = Status.ACCEPTED if job_id in without else Status.SUCCESSFUL
        assert bench.read(job_id).status == expected
    assert bench.queue() == ["b"]
    claim = bench.two.claim("b")
    assert claim
    assert bench.two.commit("b", claim.job.attempt, Outcome(Status.SUCCESSFUL, b"[]"))
    assert bench.read("d").status == Status.SUCCESSFUL
