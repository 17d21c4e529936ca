"""What wakes a worker is taken from its queue and forgotten."""

from pathlib import Path

from serving import Client, Part, shared_environment, wait_until

from fastprocesses_server.jobs.connection import connect


def test_redis_is_not_asked_again_about_a_message_that_was_taken(
    redis_url: str, published: Path, tmp_path: Path
) -> None:
    environment = shared_environment(redis_url, published, tmp_path)
    api, worker = (Part(command, folder=tmp_path, environment=environment) for command in ("serve", "worker"))
    with (
        Client(base_url=f"http://127.0.0.1:{environment['FP_PORT']}", timeout=30) as client,
        connect(redis_url) as redis,
    ):
        try:
            for part in (api, worker):
                part.start()
                wait_until(lambda part=part: "ready" in part.log(), 60, part.log)
            with redis.monitor() as monitor:
                for number in range(5):
                    assert client.execute("tally", {"counter": str(tmp_path / "runs")}).json() == number + 1
                redis.echo("the end")
                commands: list[str] = []
                while not (commands and "the end" in commands[-1]):
                    commands.append(monitor.next_command()["command"])
        finally:
            worker.stop()
            api.stop()
    assert any(command.startswith("BRPOP") for command in commands)
    assert not [command for command in commands if "unacked" in command]
