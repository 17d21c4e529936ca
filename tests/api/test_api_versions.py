"""Several versions of one process side by side."""

from serving import Client


def test_the_newest_is_listed_and_links_to_the_older_ones(client: Client) -> None:
    listed = client.get("/processes", params={"q": "greet"}).json()["processes"]
    assert [(one["id"], one["version"]) for one in listed] == [("greet", "10.0")]
    document = client.get("/processes/greet").json()
    older = [link["href"] for link in document["links"] if link["rel"] == "predecessor-version"]
    assert [client.get(href).json()["version"] for href in older] == ["2.0", "1.4.2"]


def test_a_version_in_the_url_is_the_one_that_runs(client: Client) -> None:
    assert client.execute("greet", {"name": "x"}).text == "10.0 x"
    assert client.execute("greet:1.4.2", {"name": "x"}).text == "1.4.2 x"
    assert client.execute("greet:10.0", {"name": "x"}).text == "10.0 x"


def test_an_older_version_is_a_process_with_links_and_jobs_of_its_own(client: Client) -> None:
    document = client.get("/processes/greet:2.0").json()
    assert (document["id"], document["version"]) == ("greet:2.0", "2.0")
    execute = next(link["href"] for link in document["links"] if link["rel"].endswith("/execute"))
    assert client.post(execute, json={"inputs": {"name": "y"}}).text == "2.0 y"
    job_id = client.submit("greet:2.0", {"name": "z"})
    assert client.finished(job_id)["processID"] == "greet:2.0"
    assert client.get(f"/jobs/{job_id}/definition").json()["ran"]["version"] == "2.0"
    assert [job["jobID"] for job in client.get("/jobs", params={"processID": "greet:2.0"}).json()["jobs"]] == [job_id]


def test_a_version_that_is_not_there_is_no_process(client: Client) -> None:
    for missing in ("greet:3.0", "greet:", "nobody:1.0"):
        response = client.get(f"/processes/{missing}")
        assert response.status_code == 404
        assert response.json()["type"].endswith("/no-such-process")


def test_readiness_knows_all_versions(client: Client) -> None:
    assert client.get("/health/ready").json() == {"status": "ready"}
