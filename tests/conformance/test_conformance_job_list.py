"""Class job-list: filters and pages."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from answers import JSON, REL, document_of, link_of, links_of, pages_of, problem_of
from definitions import definition_of, parameters_of
from fulfilment import fulfils
from serving import Client, wait_until

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def listed(client: Client, **query: Any) -> dict[str, dict[str, Any]]:
    """All jobs that a filter leaves, by id. Commas are sent as they are, for they separate."""
    response = client.get(f"/jobs?{urlencode({'limit': 10_000, **query}, doseq=True, safe=',/:')}")
    return {job["jobID"]: job for job in document_of(response, "jobList.yaml")["jobs"]}


def finished_jobs(client: Client, *processes: str) -> list[str]:
    inputs: dict[str, dict[str, Any]] = {
        "echo": {"message": "hi"},
        "sleep": {"seconds": 0},
        "misbehave": {"how": "process-error"},
    }
    jobs = [client.submit(process, inputs[process]) for process in processes]
    for job_id in jobs:
        client.finished(job_id)
    return jobs


def seconds(job: dict[str, Any]) -> float:
    started, finished = (datetime.fromisoformat(job[name]) for name in ("started", "finished"))
    return (finished - started).total_seconds()


@pytest.fixture
def failed_job(client: Client) -> Iterator[str]:
    (job_id,) = finished_jobs(client, "misbehave")
    yield job_id
    client.delete(f"/jobs/{job_id}")


@fulfils("/req/job-list/job-list-op", "/req/job-list/job-list-success", "/req/job-list/processID-mandatory")
def test_jobs_are_listed_with_their_process(client: Client) -> None:
    jobs = finished_jobs(client, "echo", "misbehave")
    found = listed(client)
    assert found.keys() >= set(jobs)
    for job in found.values():
        assert job.keys() >= {"jobID", "processID", "status", "type"}
    one, status = found[jobs[0]], client.status(jobs[0])
    assert {**one, "links": []} == {**status, "links": []}
    assert [link for link in status["links"] if link["rel"] != "alternate"] == one["links"]


@fulfils("/rec/job-list/job-list-landing-page")
def test_the_landing_page_links_to_the_jobs(client: Client) -> None:
    link = link_of(document_of(client.get("/"), "landingPage.yaml"), REL + "job-list")
    document_of(client.get(link["href"]), "jobList.yaml")


@fulfils(
    "/req/job-list/type-definition",
    "/req/job-list/processID-definition",
    "/req/job-list/status-definition",
    "/req/job-list/datetime-definition",
    "/req/job-list/duration-definition",
)
def test_the_filters_are_defined(client: Client) -> None:
    parameters = parameters_of(definition_of(client), "/jobs")
    for name in ("type", "processID", "status"):
        assert parameters[name]["in"] == "query"
        assert parameters[name]["schema"]["type"] == "array"
        assert parameters[name]["schema"]["items"]["type"] == "string"
    for name in ("datetime", "minDuration", "maxDuration"):
        assert parameters[name]["in"] == "query"
        assert not parameters[name].get("required")


@fulfils("/req/job-list/type-definition", "/req/job-list/type-response")
def test_jobs_are_filtered_by_type(client: Client) -> None:
    (job_id,) = finished_jobs(client, "echo")
    for query in ("type=process", "type=process,process", "type=process&type=process", ""):
        jobs = document_of(client.get(f"/jobs?limit=10000&{query}"), "jobList.yaml")["jobs"]
        assert job_id in [job["jobID"] for job in jobs], query
    other = client.get("/jobs?type=other")
    assert other.status_code == 400 or other.json()["jobs"] == []


@fulfils("/req/job-list/processID-definition", "/req/job-list/processid-response")
def test_jobs_are_filtered_by_process(client: Client) -> None:
    echo, sleep = finished_jobs(client, "echo", "sleep")
    only = listed(client, processID="echo")
    assert echo in only
    assert {job["processID"] for job in only.values()} == {"echo"}
    for query in ({"processID": "echo,sleep"}, {"processID": ["echo", "sleep"]}):
        both = listed(client, **query)
        assert {echo, sleep} <= both.keys()
        assert {job["processID"] for job in both.values()} == {"echo", "sleep"}
    assert listed(client, processID="nope") == {}
    assert listed(client, processid="nope").keys() >= {echo, sleep}


@fulfils("/req/job-list/status-definition", "/req/job-list/status-response")
def test_jobs_are_filtered_by_status(client: Client, running_job: str, failed_job: str) -> None:
    (successful,) = finished_jobs(client, "echo")
    for query, expected in (
        ("successful", {successful}),
        ("successful,failed", {successful, failed_job}),
        (["failed", "running"], {failed_job, running_job}),
    ):
        found = listed(client, status=query)
        wanted = set(query.split(",") if isinstance(query, str) else query)
        assert {job["status"] for job in found.values()} == wanted
        assert found.keys() & {successful, failed_job, running_job} == expected
    problem = problem_of(client.get("/jobs?status=done"), 400)
    assert "status" in problem["detail"]


@fulfils("/req/job-list/status-response")
def test_filters_are_joined_by_and(client: Client, failed_job: str) -> None:
    (successful,) = finished_jobs(client, "echo")
    assert successful in listed(client, status="successful", processID="echo")
    assert successful not in listed(client, status="failed", processID="echo")
    assert failed_job not in listed(client, status="failed", processID="echo")


@fulfils("/req/job-list/datetime-definition", "/req/job-list/datetime-response")
def test_jobs_are_filtered_by_the_time_of_their_creation(client: Client) -> None:
    (job_id,) = finished_jobs(client, "echo")
    created = client.status(job_id)["created"]
    old, far = "2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
    for interval in (created, f"{created}/{created}", f"{old}/{far}", f"../{far}", f"{old}/..", f"/{far}", f"{old}/"):
        assert job_id in listed(client, datetime=interval), interval
    shifted = datetime.fromisoformat(created).astimezone().isoformat()
    assert job_id in listed(client, datetime=f"{shifted}/..")
    for interval in (old, f"../{old}", f"{far}/..", f"{old}/{old}"):
        assert listed(client, datetime=interval) == {}, interval


@fulfils("/req/job-list/datetime-definition")
@pytest.mark.parametrize(
    "interval", ["yesterday", "2026-13-01T00:00:00Z", "a/b", "../../..", "2026-11-22T12:00:00", ""]
)
def test_a_bad_time_is_refused(client: Client, interval: str) -> None:
    problem = problem_of(client.get("/jobs", params={"datetime": interval}), 400)
    assert "datetime" in problem["detail"]


@fulfils("/req/job-list/duration-definition", "/req/job-list/status-response")
def test_finished_jobs_are_filtered_by_their_duration(client: Client) -> None:
    brief, long = client.submit("sleep", {"seconds": 0}), client.submit("sleep", {"seconds": 1.5})
    durations = {job_id: seconds(client.finished(job_id)) for job_id in (brief, long)}
    for least, most in ((1, None), (None, 1), (1, 60), (0, 0), (60, None)):
        bounds = {name: value for name, value in (("minDuration", least), ("maxDuration", most)) if value is not None}
        expected = {
            job_id for job_id, took in durations.items() if (least or 0) <= took <= (60 if most is None else most)
        }
        assert listed(client, **bounds).keys() & durations.keys() == expected, bounds
    for name in ("minDuration", "maxDuration"):
        for value in ("x", "-1", "1.5", ""):
            assert name in problem_of(client.get("/jobs", params={name: value}), 400)["detail"]


@fulfils("/req/job-list/duration-definition", "/req/job-list/status-response")
def test_a_running_job_has_run_since_its_start_and_a_waiting_one_not_at_all(client: Client, waiting_job: str) -> None:
    running = {job["jobID"] for job in listed(client, status="running").values()}
    wait_until(lambda: running <= listed(client, minDuration=1).keys())
    assert not running & listed(client, maxDuration=0).keys()
    assert waiting_job not in listed(client, minDuration=0)
    assert waiting_job in listed(client, status="accepted")


@fulfils("/req/job-list/limit-response")
def test_no_more_jobs_than_the_limit_are_listed(client: Client) -> None:
    finished_jobs(client, *["echo"] * 12)
    for query, most in (("?limit=2", 2), ("", 10), ("?limit=999999", 10_000)):
        found = document_of(client.get(f"/jobs{query}"), "jobList.yaml")["jobs"]
        assert most >= len(found) >= min(most, 12)


@fulfils("/req/job-list/links")
def test_the_job_list_links_to_itself_with_its_filters(client: Client) -> None:
    finished_jobs(client, "echo", "sleep")
    query = "processID=echo&status=successful,failed&limit=2"
    document = document_of(client.get(f"/jobs?{query}"), "jobList.yaml")
    itself = link_of(document, "self")
    assert itself["type"] == JSON
    assert client.get(itself["href"]).json()["jobs"] == document["jobs"]
    for link in links_of(document, "alternate"):
        assert client.get(link["href"]).headers["content-type"].startswith(link["type"])


@fulfils("/rec/job-list/next-1", "/rec/job-list/next-2", "/rec/job-list/next-3")
def test_next_links_lead_through_all_jobs_while_others_come(client: Client) -> None:
    old = finished_jobs(client, *["echo"] * 7)
    seen: list[str] = []
    for number, page in enumerate(pages_of(client, "/jobs?limit=3&processID=echo", "jobList.yaml")):
        seen += [job["jobID"] for job in page["jobs"]]
        assert {job["processID"] for job in page["jobs"]} <= {"echo"}
        assert all("limit=3" in link["href"] for link in links_of(page, "next"))
        if number < 3:
            client.submit("echo", {"message": "later"})
    assert len(seen) == len(set(seen))
    assert [job_id for job_id in seen if job_id in old] == old[::-1]


@fulfils("/per/job-list/prev")
def test_prev_links_lead_back_through_the_jobs(client: Client) -> None:
    finished_jobs(client, *["misbehave"] * 5)
    first, second, *_ = pages_of(client, "/jobs?limit=2&processID=misbehave", "jobList.yaml")
    assert not links_of(first, "prev")
    back = document_of(client.get(link_of(second, "prev")["href"]), "jobList.yaml")
    assert [job["jobID"] for job in back["jobs"]] == [job["jobID"] for job in first["jobs"]]


@fulfils("/rec/job-list/access-control-job-list")
def test_jobs_cannot_be_guessed_and_need_not_be_listed(client: Client, other_client: Client) -> None:
    job_id = client.submit("echo", {"message": "hi"})
    assert UUID4.fullmatch(job_id)
    hidden = other_client.submit("receive", {"text": "hi"})
    problem_of(other_client.get("/jobs"), 404)
    assert other_client.finished(hidden)["status"] == "successful"
