"""Many short jobs that wait: the processes of two workers take them from the queue by themselves."""

from contextlib import ExitStack
from pathlib import Path

from serving import Client, Part, shared_environment, wait_until

JOBS = 300


def test_each_runs_once_also_where_a_worker_stops_meanwhile(redis_url: str, published: Path, tmp_path: Path) -> None:
    environment = {**shared_environment(redis_url, published, tmp_path), "FP_WORKER_CONCURRENCY": "2"}
    api, *workers = (Part(command, folder=tmp_path, environment=environment) for command in ("serve", *["worker"] * 2))
    runs = tmp_path / "runs"
    with ExitStack() as stack, Client(base_url=f"http://127.0.0.1:{environment['FP_PORT']}", timeout=60) as client:
        for part in (api, *workers):
            stack.callback(part.stop)
        api.start()
        wait_until(lambda: "ready" in api.log(), 60, api.log)
        jobs = [client.submit("tally", {"counter": str(runs)}) for _ in range(JOBS)]
        for worker in workers:
            worker.start()
        has_begun = lambda: runs.exists() and len(runs.read_text().split()) > JOBS // 10  # noqa: E731
        wait_until(has_begun, 60, workers[0].log, longest=0.01)
        assert workers[0].stop() == 0
        assert {client.finished(job_id)["status"] for job_id in jobs} == {"successful"}
        assert len(runs.read_text().split()) == JOBS
