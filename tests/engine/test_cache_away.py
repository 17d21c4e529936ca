"""A result cache that is away makes runs happen again, and stops none."""

from contextlib import ExitStack
from pathlib import Path

from serving import Client, Part, free_port, own_valkey, shared_environment, wait_until


def test_cached_processes_run_without_their_cache(published: Path, tmp_path: Path) -> None:
    port = free_port()
    environment = {
        **shared_environment("", published, tmp_path),
        "FP_REDIS_URL": "",
        "FP_BROKER_HOST": "127.0.0.1",
        "FP_BROKER_PORT": str(port),
        "FP_RESULT_CACHE_PORT": str(free_port()),
    }
    with ExitStack() as stack:
        stack.enter_context(own_valkey(tmp_path, settings=f"port {port}\nbind 127.0.0.1\n"))
        api, worker = (Part(command, folder=tmp_path, environment=environment) for command in ("serve", "worker"))
        client = stack.enter_context(Client(base_url=f"http://127.0.0.1:{environment['FP_PORT']}", timeout=30))
        for part in (worker, api):
            stack.callback(part.stop)
            part.start()
            wait_until(lambda part=part: "ready" in part.log(), 60, part.log)  # type: ignore[misc]
        counter = tmp_path / "counter"
        for run in (1, 2):
            response = client.execute("counted", {"counter": str(counter)})
            assert (response.status_code, response.json()) == (200, run)
        job_id = client.submit("counted", {"counter": str(counter)})
        assert client.finished(job_id)["status"] == "successful"
        assert "the result cache is away" in api.log()
