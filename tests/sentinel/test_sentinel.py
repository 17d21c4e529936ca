"""A server on a replicated Valkey under Sentinel, whose primary dies, steps back, or is left alone."""

import time
from pathlib import Path

import pytest
from parts import Parts
from replicated import Node, Replicated
from serving import wait_until


def replicate(node: Node) -> None:
    """Until both replicas have what was acknowledged so far. WAIT speaks of the writes of its own connection."""
    with node.client() as client:
        client.set("all before", 1)
        assert client.wait(2, 5000) == 2


def test_jobs_go_on_when_the_primary_is_killed(replicated: Replicated, parts: Parts, tmp_path: Path) -> None:
    client, old = parts.client, replicated.primary
    long = client.submit("sleep", {"seconds": 12})
    client.when(long, "running")
    queued = {client.submit("tally", {"counter": str(tmp_path / name)}): tmp_path / name for name in "abc"}
    replicate(old)

    killed = time.monotonic()
    old.kill()
    accepted, refused = parts.submit_until_accepted(tmp_path / "d")
    print(f"\naccepted again {time.monotonic() - killed:.1f} s after the kill, {refused} requests refused before")
    assert refused
    wait_until(parts.is_ready, 40, parts.log)
    print(f"ready again {time.monotonic() - killed:.1f} s after the kill")
    old.start()  # as the primary that it was, until the Sentinels see it
    for job_id, counter in {**queued, accepted: tmp_path / "d"}.items():
        assert client.finished(job_id)["status"] == "successful"
        assert counter.read_text() == "x\n"
    assert client.status(long)["status"] == "successful"
    print(f"all jobs finished {time.monotonic() - killed:.1f} s after the kill")

    replicated.settle()
    assert replicated.primary is not old
    assert client.finished(client.submit("tally", {"counter": str(tmp_path / "e")}))["status"] == "successful"
    wait_until(lambda: not replicated.strays(), 10, lambda: str(replicated.strays()))
    assert old.replication()["role"] == "slave"
    parts.assert_is_well()


@pytest.mark.parametrize("how", [("COORDINATED",), ()])
def test_jobs_go_on_when_the_primary_steps_back(
    how: tuple[str, ...], replicated: Replicated, parts: Parts, tmp_path: Path
) -> None:
    """It lives on, and the worker, which has nothing to do, waits there for messages."""
    old = replicated.primary
    asked = time.monotonic()
    with replicated.sentinels[0].client() as sentinel:
        sentinel.execute_command("SENTINEL", "FAILOVER", "jobs", *how)
    wait_until(lambda: replicated.primary is not old, 30)
    job_id, refused = parts.submit_until_accepted(tmp_path / "runs")
    assert parts.client.finished(job_id)["status"] == "successful"
    print(f"\na job finished {time.monotonic() - asked:.1f} s after the primary was told, {refused} refused before")
    replicated.settle()
    wait_until(lambda: not replicated.strays(), 10, lambda: str(replicated.strays()))
    assert parts.client.status(job_id)["status"] == "successful"
    parts.assert_is_well()


def test_a_primary_whose_replicas_are_gone_takes_no_jobs(replicated: Replicated, parts: Parts, tmp_path: Path) -> None:
    primary = replicated.primary
    for node in replicated.nodes:
        if node is not primary:
            node.kill()
    response = parts.client.execute("tally", {"counter": str(tmp_path / "runs")}, "respond-async")
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    said = parts.client.get("/health/ready").text
    assert "none of its replicas keeps up" in said
    replicated.settle()
    job_id, _ = parts.submit_until_accepted(tmp_path / "runs")
    assert parts.client.finished(job_id)["status"] == "successful"
    parts.assert_is_well()


def test_jobs_go_on_without_any_sentinel(replicated: Replicated, parts: Parts, tmp_path: Path) -> None:
    for sentinel in replicated.sentinels:
        sentinel.kill()
    try:
        for name in "ab":
            job_id = parts.client.submit("tally", {"counter": str(tmp_path / name)})
            assert parts.client.finished(job_id)["status"] == "successful"
            time.sleep(1.1)  # the Sentinels are asked once a second
    finally:
        for sentinel in replicated.sentinels:
            sentinel.start()
    parts.assert_is_well()
