"""Records, results and files go when their time has come, and the indexes with them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from serving import Client, Server, wait_until

SECOND = 1 / 86_400
"""In days."""


@pytest.fixture(scope="module")
def brief(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that keeps records for six seconds and results for three."""
    environment = {"FP_JOB_STATUS_TTL_DAYS": str(6 * SECOND), "FP_RESULTS_TTL_DAYS": str(3 * SECOND)}
    server = Server(published, tmp_path_factory.mktemp("brief") / "state", environment)
    server.start()
    yield server
    assert server.stop() == 0


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_job_says_how_long_it_is_kept(client: Client) -> None:
    job_id = client.submit("later", {"text": "kept"})
    assert not {"expires", "resultsExpire"} & client.status(job_id).keys() or client.finished(job_id)
    document = client.finished(job_id)
    assert moment(document["expires"]) - moment(document["finished"]) == timedelta(days=30)
    assert document["expires"] == document["resultsExpire"]
    failed = client.finished(client.submit("misbehave", {"how": "exception"}))
    assert "expires" in failed
    assert "resultsExpire" not in failed


def test_what_has_expired_answers_as_gone(brief: Server) -> None:
    with Client(base_url=brief.url, timeout=30) as client:
        job_id = client.submit("later", {"text": "brief"})
        document = client.finished(job_id)
        assert moment(document["resultsExpire"]) < moment(document["expires"])
        results = f"/jobs/{job_id}/results"
        wait_until(lambda: client.get(results).status_code != 200)
        expired = client.get(results)
        assert (expired.status_code, expired.json()["type"].rpartition("/")[2]) == (410, "result-not-available")
        assert client.status(job_id)["status"] == "successful"
        wait_until(lambda: client.get(f"/jobs/{job_id}").status_code == 410)
        for gone in (f"/jobs/{job_id}", results, f"{results}/text", f"/jobs/{job_id}/inputs"):
            response = client.get(gone)
            assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (410, "no-such-job")
        assert client.delete(f"/jobs/{job_id}").status_code == 410
        wait_until(lambda: client.get("/jobs").json()["jobs"] == [])


def test_a_key_of_a_request_is_forgotten_with_its_job(brief: Server, tmp_path: Path) -> None:
    with Client(base_url=brief.url, timeout=30, headers={"Idempotency-Key": "once"}) as client:
        runs = lambda: client.execute("tally", {"counter": str(tmp_path / "runs")}).json()  # noqa: E731
        assert runs() == 1
        assert runs() == 1
        wait_until(lambda: runs() == 2)
