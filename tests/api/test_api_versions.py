"""Several versions of one process side by side."""

from collections.abc import Iterator

import pytest
from serving import Client, Server

MODULE = '''"""Greetings."""


def greet(name: str) -> str:
    return "{greeting} " + name
'''


@pytest.fixture(scope="module")
def versioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("versions")
    processes = folder / "processes.d"
    processes.mkdir()
    for module, version in (("greet_1", "1.4.2"), ("greet_2", "2.0"), ("greet_10", "10.0")):
        (processes / f"{module}.py").write_text(MODULE.replace("{greeting}", version))
        (processes / f"greet@{version}.yaml").write_text(f"callable: {module}.greet\nversion: {version}\n")
    server = Server(processes, folder / "state", {"FP_WORKER_CONCURRENCY": "2"})
    server.start()
    with Client(base_url=server.url, timeout=30) as client:
        yield client
    assert server.stop() == 0, server.log()


def test_the_newest_is_listed_and_links_to_the_older_ones(versioned: Client) -> None:
    assert [(one["id"], one["version"]) for one in versioned.get("/processes").json()["processes"]] == [
        ("greet", "10.0")
    ]
    document = versioned.get("/processes/greet").json()
    older = [link["href"] for link in document["links"] if link["rel"] == "predecessor-version"]
    assert [versioned.get(href).json()["version"] for href in older] == ["2.0", "1.4.2"]


def test_a_version_in_the_url_is_the_one_that_runs(versioned: Client) -> None:
    assert versioned.execute("greet", {"name": "x"}).text == "10.0 x"
    assert versioned.execute("greet:1.4.2", {"name": "x"}).text == "1.4.2 x"
    assert versioned.execute("greet:10.0", {"name": "x"}).text == "10.0 x"


def test_an_older_version_is_a_process_with_links_and_jobs_of_its_own(versioned: Client) -> None:
    document = versioned.get("/processes/greet:2.0").json()
    assert (document["id"], document["version"]) == ("greet:2.0", "2.0")
    execute = next(link["href"] for link in document["links"] if link["rel"].endswith("/execute"))
    assert versioned.post(execute, json={"inputs": {"name": "y"}}).text == "2.0 y"
    job_id = versioned.submit("greet:2.0", {"name": "z"})
    assert versioned.finished(job_id)["processID"] == "greet:2.0"
    assert versioned.get(f"/jobs/{job_id}/definition").json()["ran"]["version"] == "2.0"
    assert [job["jobID"] for job in versioned.get("/jobs", params={"processID": "greet:2.0"}).json()["jobs"]] == [
        job_id
    ]


def test_a_version_that_is_not_there_is_no_process(versioned: Client) -> None:
    for missing in ("greet:3.0", "greet:", "nobody:1.0"):
        response = versioned.get(f"/processes/{missing}")
        assert response.status_code == 404
        assert response.json()["type"].endswith("/no-such-process")


def test_readiness_knows_all_versions(versioned: Client) -> None:
    assert versioned.get("/health/ready").json() == {"status": "ready"}
