"""Equal runs of a cached process that are under way at the same moment run once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from serving import Client, Server, wait_until


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def runs(counter: Path) -> int:
    return counter.read_text().count("x")


def start(client: Client, counter: Path, **inputs: object) -> str:
    """A run that others can join."""
    job_id = client.submit("joint", {"counter": str(counter), **inputs})
    client.when(job_id, "running")
    wait_until(counter.exists)
    return job_id


def test_a_hundred_equal_requests_at_the_same_moment_run_once(client: Client, counter: Path) -> None:
    inputs = {"counter": str(counter), "seconds": 3}

    def ask(number: int) -> object:
        return client.execute("joint", inputs).json() if number % 5 == 0 else client.submit("joint", inputs)

    with ThreadPoolExecutor(100) as clients:
        answers = list(clients.map(ask, range(100)))
    jobs = [answer for answer in answers if isinstance(answer, str)]
    assert [answer for answer in answers if answer not in jobs] == [1] * 20
    assert len(set(jobs)) == 80
    assert {client.finished(job_id)["status"] for job_id in jobs} == {"successful"}
    assert {client.get(f"/jobs/{job_id}/results").content for job_id in jobs} == {b"1"}
    assert runs(counter) == 1


def test_a_joined_job_says_what_it_waits_for_and_when_it_ran(client: Client, counter: Path) -> None:
    first = start(client, counter)
    response = client.execute("joint", {"counter": str(counter)}, "respond-async")
    assert response.headers["cache-status"] == "fastprocesses-server; fwd=miss; collapsed"
    assert response.json()["status"] == "accepted"
    assert response.json()["message"] == "waits for the outputs of an equal job"
    document, joined = client.finished(first), client.finished(response.json()["jobID"])
    assert joined["started"] == document["started"]
    assert "message" not in joined


@pytest.mark.parametrize("leaving", ["first", "joined"])
def test_dismissing_one_does_not_dismiss_the_others(client: Client, counter: Path, leaving: str) -> None:
    first = start(client, counter)
    joined = [client.submit("joint", {"counter": str(counter)}) for _ in range(3)]
    dismissed = first if leaving == "first" else joined[1]
    client.delete(f"/jobs/{dismissed}")
    ends = {job_id: client.finished(job_id)["status"] for job_id in (first, *joined)}
    assert ends == {job_id: "dismissed" if job_id == dismissed else "successful" for job_id in (first, *joined)}
    assert runs(counter) == (2 if leaving == "first" else 1)


def test_another_takes_over_where_the_running_one_fails(client: Client, counter: Path) -> None:
    first = start(client, counter, how="fails at first")
    joined = [client.submit("joint", {"counter": str(counter), "how": "fails at first"}) for _ in range(3)]
    assert client.finished(first)["status"] == "failed"
    assert {client.finished(job_id)["status"] for job_id in joined} == {"successful"}
    assert runs(counter) == 2


def test_joined_jobs_have_files_of_their_own(client: Client, server: Server, counter: Path) -> None:
    first = start(client, counter, how="large")
    joined = [client.submit("joint", {"counter": str(counter), "how": "large"}) for _ in range(2)]
    content = {job_id: client.finished(job_id) and client.get(f"/jobs/{job_id}/results").content for job_id in joined}
    assert len(set(content.values())) == 1
    for gone in (first, joined[0]):
        assert client.delete(f"/jobs/{gone}").status_code == 200
    assert client.get(f"/jobs/{joined[1]}/results").content == content[joined[1]]
    assert [path.name for path in (server.state / "results" / "jobs").iterdir() if path.name in joined] == [joined[1]]


def test_a_client_that_goes_away_does_not_end_a_run_that_others_joined(client: Client, counter: Path) -> None:
    inputs = {"counter": str(counter), "seconds": 2}
    with ThreadPoolExecutor(1) as other, Client(base_url=client.base_url, timeout=1) as impatient:
        leaving = other.submit(lambda: impatient.execute("joint", inputs))
        wait_until(counter.exists)
        job_id = client.submit("joint", inputs)
        assert leaving.exception()
    assert client.finished(job_id)["status"] == "successful"
    assert runs(counter) == 1


def test_other_inputs_are_not_joined(client: Client, counter: Path) -> None:
    first = start(client, counter)
    response = client.execute("joint", {"counter": str(counter), "seconds": 1.5}, "respond-async")
    assert response.headers["cache-status"] == "fastprocesses-server; fwd=miss"
    for job_id in (first, response.json()["jobID"]):
        client.finished(job_id)
    assert runs(counter) == 2
