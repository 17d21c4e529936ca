"""Requests that come again: from the cache or not (`Cache-Status`, `Cache-Control`), and `Idempotency-Key`."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from serving import Client, wait_until

OURS = "fastprocesses-server; "


def post(client: Client, process: str, inputs: dict[str, object], **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/processes/{process}/execution", json={"inputs": inputs}, headers=named)


@pytest.fixture
def counter(tmp_path: Path) -> str:
    return str(tmp_path / "runs")


@pytest.mark.parametrize("prefer", ["", "respond-async"])
def test_the_answer_says_what_the_cache_had_to_do_with_it(client: Client, counter: str, prefer: str) -> None:
    first = client.execute("counted", {"counter": counter}, prefer)
    if prefer:
        client.finished(first.json()["jobID"])
    second = client.execute("counted", {"counter": counter}, prefer)
    assert first.headers["cache-status"] == OURS + "fwd=miss"
    assert second.headers["cache-status"] == OURS + "hit"


def test_a_process_without_cache_says_nothing_of_one(client: Client, counter: str) -> None:
    assert "cache-status" not in post(client, "tally", {"counter": counter}).headers


@pytest.mark.parametrize("prefer", ["", "respond-async"])
def test_a_client_can_ask_for_a_run_of_its_own(client: Client, counter: str, prefer: str) -> None:
    assert client.execute("counted", {"counter": counter}).json() == 1
    forced = post(client, "counted", {"counter": counter}, Cache_Control="max-age=0, no-cache", Prefer=prefer)
    assert forced.headers["cache-status"] == OURS + "fwd=request"
    if prefer:
        client.finished(forced.json()["jobID"])
    again = client.execute("counted", {"counter": counter})
    assert (again.json(), again.headers["cache-status"]) == (2, OURS + "hit")


def test_the_same_key_and_body_lead_to_the_same_job(client: Client, counter: str) -> None:
    headers = {"Prefer": "respond-async", "Idempotency_Key": str(uuid4())}
    first, second = (post(client, "tally", {"counter": counter}, **headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.headers["location"] == second.headers["location"]
    client.finished(first.json()["jobID"])
    assert post(client, "tally", {"counter": counter}, **headers).json()["status"] == "successful"
    assert len(Path(counter).read_text().split()) == 1


def test_the_same_key_with_another_body_is_refused(client: Client, counter: str) -> None:
    key = str(uuid4())
    assert post(client, "tally", {"counter": counter}, Idempotency_Key=key).status_code == 200
    refused = post(client, "tally", {"counter": counter + "2"}, Idempotency_Key=key)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert "Idempotency-Key" in refused.json()["detail"]
    assert not Path(counter + "2").exists()


def test_a_key_counts_for_one_process(client: Client, counter: str) -> None:
    key = str(uuid4())
    assert post(client, "tally", {"counter": counter}, Idempotency_Key=key).json() == 1
    assert post(client, "counted", {"counter": counter}, Idempotency_Key=key).json() == 2


def test_a_repeated_run_that_is_waited_for_runs_once(client: Client, counter: str) -> None:
    key, inputs = str(uuid4()), {"counter": counter, "seconds": 1, "how": str(uuid4())}
    with ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(lambda _: post(client, "joint", inputs, Idempotency_Key=key), range(4)))
    answers.append(post(client, "joint", inputs, Idempotency_Key=key))
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, 1)] * 5
    assert len(Path(counter).read_text().split()) == 1


def test_a_failed_run_is_told_again(client: Client) -> None:
    key = str(uuid4())
    first, second = (post(client, "misbehave", {"how": "process-error"}, Idempotency_Key=key) for _ in range(2))
    assert first.status_code == second.status_code == 500
    assert first.json()["detail"] == second.json()["detail"] == "outside the city limits"


def test_a_run_that_was_waited_for_becomes_the_job_of_who_asks_for_one(client: Client, counter: str) -> None:
    key = str(uuid4())
    assert post(client, "tally", {"counter": counter}, Idempotency_Key=key).json() == 1
    job = post(client, "tally", {"counter": counter}, Idempotency_Key=key, Prefer="respond-async")
    assert (job.status_code, job.json()["status"]) == (201, "successful")
    assert client.get(job.headers["location"] + "/results").json() == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none_is_refused(client: Client, counter: str, key: str) -> None:
    response = post(client, "tally", {"counter": counter}, Idempotency_Key=key)
    assert response.status_code == 400
    assert response.json()["errors"][0]["path"] == "Idempotency-Key"


def test_a_new_job_follows_one_that_was_removed(client: Client, counter: str) -> None:
    headers = {"Prefer": "respond-async", "Idempotency_Key": str(uuid4())}
    first = post(client, "tally", {"counter": counter}, **headers).json()["jobID"]
    client.finished(first)
    client.delete(f"/jobs/{first}")
    second = post(client, "tally", {"counter": counter}, **headers).json()["jobID"]
    assert second != first
    wait_until(lambda: client.status(second)["status"] == "successful")
