"""`Prefer: wait=N` at `/jobs/{jobID}`, and when to come again."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import Client


def status(client: Client, job_id: str, prefer: str = "") -> tuple[str, str | None, str | None]:
    """With the preference that was applied, and the seconds after which to come again."""
    response = client.get(f"/jobs/{job_id}", headers={"Prefer": prefer} if prefer else {})
    assert response.status_code == 200
    headers = response.headers
    return response.json()["status"], headers.get("preference-applied"), headers.get("retry-after")


def test_an_answer_waits_for_the_end_of_the_job(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 2})
    assert status(client, job_id, "wait=50") == ("successful", "wait=50", None)


def test_an_answer_waits_no_longer_than_the_client(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 60})
    client.when(job_id, "running")
    began = time.monotonic()
    assert status(client, job_id, "respond-async, wait=1") == ("running", "wait=1", "1")
    assert time.monotonic() - began >= 1
    client.delete(f"/jobs/{job_id}")


@pytest.mark.parametrize("prefer", ["", "wait=0", "wait", "wait=-1", "wait=soon", "respond-async"])
def test_who_does_not_wait_is_told_to_come_again(client: Client, prefer: str) -> None:
    job_id = client.submit("sleep", {"seconds": 60})
    client.when(job_id, "running")
    assert status(client, job_id, prefer) == ("running", None, "1")
    client.delete(f"/jobs/{job_id}")
    assert status(client, job_id, prefer) == ("dismissed", None, None)


def test_a_wait_is_bounded(client: Client) -> None:
    job_id = client.submit("simple_process", {"input_text": "x"})
    client.finished(job_id)
    assert status(client, job_id, "wait=" + "9" * 400) == ("successful", "wait=60", None)


def test_a_job_that_is_dismissed_ends_the_wait(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 60})
    client.when(job_id, "running")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(status, client, job_id, "wait=50")
        client.delete(f"/jobs/{job_id}")
        assert waiting.result(30)[0] == "dismissed"


def test_a_page_waits_too(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 1})
    page = client.get(f"/jobs/{job_id}?f=html", headers={"Prefer": "wait=50"})
    assert page.headers["preference-applied"] == "wait=50"
    assert "successful" in page.text


def test_there_is_nothing_to_wait_for_where_there_is_no_job(client: Client) -> None:
    assert client.get("/jobs/nope", headers={"Prefer": "wait=50"}).status_code == 404
