"""The list of jobs: filters, pages, links (class job-list)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from serving import Client, Server

from fastprocesses_server.api.job_filters import read_interval


def listed(client: Client, query: str = "") -> list[str]:
    return [job["jobID"] for job in document(client, query)["jobs"]]


def document(client: Client, query: str = "") -> dict[str, Any]:
    response = client.get(f"/jobs?limit=10000&{query}")
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def links(document: dict[str, Any]) -> dict[str, str]:
    """By relation, but for the one to the page of the same list."""
    return {link["rel"]: link["href"] for link in document["links"] if link["rel"] != "alternate"}


def walk(client: Client, url: str, rel: str = "next") -> Iterator[list[str]]:
    """The job ids of a page, and of those beyond it."""
    following: str | None = url
    while following:
        document = client.get(following).json()
        yield [job["jobID"] for job in document["jobs"]]
        following = links(document).get(rel)


def complaints(client: Client, query: str) -> dict[str, str]:
    response = client.get(f"/jobs?{query}")
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return {error["path"]: error["message"] for error in response.json()["errors"]}


@pytest.fixture(scope="module")
def made(server: Server) -> dict[str, dict[str, Any]]:
    """Final status infos of jobs of each kind, with the oldest first."""
    with Client(base_url=server.url, timeout=60) as client:
        running = client.submit("sleep", {"seconds": 600})
        client.when(running, "running")
        client.delete(f"/jobs/{running}")
        ids = {
            "dismissed": running,
            "failed": client.submit("misbehave", {"how": "process-error"}),
            "simple": client.submit("simple_process", {"input_text": "listed"}),
            "echo": client.submit("echo", {"message": "listed", "pause": 2}),
        }
        return {name: client.finished(job_id) for name, job_id in ids.items()}


def since(made: dict[str, dict[str, Any]]) -> str:
    """A filter that leaves older jobs of other tests out."""
    return f"datetime={made['dismissed']['created']}/.."


def names(made: dict[str, dict[str, Any]], ids: list[str]) -> list[str]:
    """Of those of the listed jobs that are known here."""
    known = {status["jobID"]: name for name, status in made.items()}
    return [known[job_id] for job_id in ids if job_id in known]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["echo", "simple", "failed", "dismissed"]),
        ("type=process", ["echo", "simple", "failed", "dismissed"]),
        ("type=process,process&type=process", ["echo", "simple", "failed", "dismissed"]),
        ("status=successful", ["echo", "simple"]),
        ("status=failed,dismissed", ["failed", "dismissed"]),
        ("status=failed&status=successful", ["echo", "simple", "failed"]),
        ("status=accepted,running,successful,failed,dismissed", ["echo", "simple", "failed", "dismissed"]),
        ("status=accepted,running", []),
        ("processID=echo", ["echo"]),
        ("processID=echo,misbehave&processID=sleep", ["echo", "failed", "dismissed"]),
        ("processID=echo,misbehave&status=failed", ["failed"]),
        ("processID=nope", []),
        ("processID=nope,echo", ["echo"]),
        ("processID=", []),
        ("processID=echo%2Cmisbehave", []),
        ("processID=Echo", []),
        ("minDuration=2", ["echo"]),
        ("minDuration=2,600&maxDuration=60", ["echo"]),
        ("minDuration=2&status=dismissed,failed", []),
        ("minDuration=61", []),
        ("minDuration=5&maxDuration=4", []),
    ],
)
def test_filters_select(client: Client, made: dict[str, dict[str, Any]], query: str, expected: list[str]) -> None:
    assert names(made, listed(client, f"{since(made)}&{query}")) == expected


def test_a_duration_is_not_longer_than_asked(client: Client, made: dict[str, dict[str, Any]]) -> None:
    assert "echo" not in names(made, listed(client, f"{since(made)}&maxDuration=1"))
    assert names(made, listed(client, f"{since(made)}&maxDuration=3600")) == ["echo", "simple", "failed", "dismissed"]


def test_a_job_that_runs_has_lasted_until_now_and_one_that_waits_has_not_begun(client: Client) -> None:
    first = client.submit("sleep", {"seconds": 600})
    client.when(first, "running")
    assert first in listed(client, "minDuration=0&processID=sleep")
    assert first in listed(client, "minDuration=0&status=running")
    assert first not in listed(client, "minDuration=100000&processID=sleep")
    assert not listed(client, "minDuration=0&status=accepted")
    client.delete(f"/jobs/{first}")


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("{0}", ["failed"]),
        ("{0}/{0}", ["failed"]),
        ("{0}/..", ["echo", "simple", "failed"]),
        ("{0}/", ["echo", "simple", "failed"]),
        ("../{0}", ["failed", "dismissed"]),
        ("/{0}", ["failed", "dismissed"]),
        ("{0}/{1}", ["simple", "failed"]),
        ("../..", ["echo", "simple", "failed", "dismissed"]),
        ("../1970-01-01T00:00:00Z", []),
        ("9999-12-31T23:59:59.999Z/..", []),
        ("0001-01-01T00:00:00%2B14:00/{0}", ["failed", "dismissed"]),
    ],
)
def test_created_lies_in_the_time_asked(
    client: Client, made: dict[str, dict[str, Any]], interval: str, expected: list[str]
) -> None:
    moments = made["failed"]["created"], made["simple"]["created"]
    found = names(made, listed(client, f"datetime={interval.format(*moments)}"))
    assert found == expected


def test_a_moment_may_be_written_in_any_zone(client: Client, made: dict[str, dict[str, Any]]) -> None:
    moment = datetime.fromisoformat(made["simple"]["created"])
    for offset in ("+05:30", "-08:00"):
        sign = 1 if offset[0] == "+" else -1
        zone = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:]))
        text = (moment + sign * zone).replace(tzinfo=None).isoformat(timespec="milliseconds") + offset
        for written in (quote(text), text, text.lower()):
            assert names(made, listed(client, f"datetime={written}")) == ["simple"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", (1000, 1000)),
        ("1970-01-01T00:00:00.0015Z/1970-01-01T00:00:00.0035Z", (2, 3)),
        ("1969-12-31T23:59:59.9995Z/..", (0, None)),
        ("../1969-12-31T23:59:59.9995Z", (None, -1)),
        ("/", (None, None)),
    ],
)
def test_moments_between_two_milliseconds_exclude_nothing_too_much(text: str, expected: object) -> None:
    assert read_interval(text) == expected


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("limit=0", "limit", "at least 1"),
        ("limit=-1", "limit", "integer"),
        ("limit=abc", "limit", "integer"),
        ("limit=", "limit", "integer"),
        ("limit=1.0", "limit", "integer"),
        ("limit=%F0%9D%9F%8F", "limit", "integer"),
        ("offset=-1", "offset", "integer"),
        ("cursor=x", "cursor", "links next and prev"),
        ("cursor=older-x-y", "cursor", "links next and prev"),
        ("cursor=", "cursor", "links next and prev"),
        ("type=wps", "type", "process"),
        ("type=", "type", "process"),
        ("status=finished", "status", "accepted, running, successful, failed, dismissed"),
        ("status=sucessful", "status", 'did you mean "successful"?'),
        ("status=Successful", "status", 'did you mean "successful"?'),
        ("status=successful,", "status", "none of"),
        ("status=successful%2Cfailed", "status", "none of"),
        ("minDuration=-1", "minDuration", "at least 0"),
        ("minDuration=1.5", "minDuration", "integer"),
        ("maxDuration=PT1S", "maxDuration", "integer"),
        ("maxDuration=", "maxDuration", "integer"),
        ("datetime=", "datetime", "2024-02-12T23:20:50Z"),
        ("datetime=..", "datetime", "2024-02-12T23:20:50Z"),
        ("datetime=yesterday", "datetime", "2024-02-12T23:20:50Z"),
        ("datetime=2024-02-12", "datetime", "2024-02-12T23:20:50Z"),
        ("datetime=2024-02-12T23:20:50", "datetime", "2024-02-12T23:20:50Z"),
        ("datetime=2024-02-30T23:20:50Z", "datetime", "2024-02-12T23:20:50Z"),
        ("datetime=2024-02-12T23:20:50Z/x", "datetime", "2024-02-12T23:20:50Z"),
        ("datetime=../../..", "datetime", "2024-02-12T23:20:50Z"),
        ("datetime=2024-02-12T23:20:50Z/2024-02-11T23:20:50Z", "datetime", "after its end"),
        ("processID=" + ",".join(map(str, range(51))), "processID", "50 at most"),
    ],
)
def test_a_bad_value_is_refused(client: Client, query: str, name: str, words: str) -> None:
    found = complaints(client, query)
    assert list(found) == [name]
    assert words in found[name]


def test_all_bad_values_are_said_at_once(client: Client) -> None:
    query = "limit=x&offset=x&cursor=x&type=x&status=x,y&datetime=x&minDuration=x&maxDuration=x"
    names = {"limit", "offset", "cursor", "type", "status", "datetime", "minDuration", "maxDuration"}
    assert set(complaints(client, query)) == names


@pytest.mark.parametrize(
    "query", ["Status=x", "STATUS=x", "statuses=x", "schema=OGC", "&&", "=", "%FF=%FF", "processid=x"]
)
def test_unknown_parameters_are_ignored(client: Client, made: dict[str, dict[str, Any]], query: str) -> None:
    assert len(names(made, listed(client, query))) == len(made)


def test_parameters_of_the_job_list_mean_nothing_elsewhere(client: Client) -> None:
    assert client.get("/processes?cursor=x&status=x&datetime=x").status_code == 200


def test_pages_lead_to_each_other_and_keep_the_filters(client: Client, server: Server) -> None:
    jobs = [client.submit("echo", {"message": str(number)}) for number in range(5)]
    created = client.status(jobs[0])["created"]
    query = f"processID=echo,nope&type=process&datetime={created}/..&minDuration=0"
    for job_id in jobs:
        client.finished(job_id)
    first, second, third = walk(client, f"/jobs?limit=2&{query}")
    assert first + second + third == jobs[::-1]
    last = links(client.get(links(client.get(f"/jobs?limit=2&{query}").json())["next"]).json())["next"]
    assert list(walk(client, last, "prev")) == [third, second, first]
    for href in links(client.get(last).json()).values():
        assert href.startswith(f"{server.url}/jobs?")
        kept = parse_qs(urlsplit(href).query)
        assert kept["processID"] == ["echo", "nope"]
        assert (kept["type"], kept["datetime"], kept["minDuration"]) == (["process"], [f"{created}/.."], ["0"])
        assert kept["limit"] == ["2"]


def test_the_first_page_has_none_before_it_and_the_last_none_after_it(client: Client) -> None:
    jobs = [client.submit("echo", {"message": str(number)}) for number in range(2)]
    query = f"processID=echo&datetime={client.status(jobs[0])['created']}/.."
    assert set(links(client.get(f"/jobs?limit=2&{query}").json())) == {"self"}
    first = links(client.get(f"/jobs?limit=1&{query}").json())
    assert set(first) == {"self", "next"}
    second = links(client.get(first["next"]).json())
    assert set(second) == {"self", "prev"}
    assert set(links(client.get(second["prev"]).json())) == {"self", "next"}
    assert listed(client, "datetime=../1970-01-01T00:00:00Z") == []


def test_the_self_link_leads_to_the_same_page(client: Client, made: dict[str, dict[str, Any]]) -> None:
    for query in ("limit=2", "limit=2&offset=1", "status=successful&limit=1", since(made) + "&processID=a%2Cb,%20%26"):
        document = client.get(f"/jobs?{query}").json()
        again = client.get(links(document)["self"]).json()
        assert again == document


def test_a_walk_shows_each_old_job_once_while_new_ones_come(client: Client) -> None:
    jobs = [client.submit("simple_process", {"input_text": str(number)}) for number in range(7)]
    created = client.status(jobs[0])["created"]
    seen: list[str] = []
    for page in walk(client, f"/jobs?limit=2&processID=simple_process&datetime={created}/.."):
        seen += page
        client.submit("simple_process", {"input_text": "new"})
    assert seen == jobs[::-1]


def test_an_offset_counts_from_the_newest(client: Client) -> None:
    jobs = [client.submit("echo", {"message": str(number)}) for number in range(5)]
    query = f"processID=echo&datetime={client.status(jobs[0])['created']}/.."
    document = client.get(f"/jobs?limit=2&offset=2&{query}").json()
    assert [job["jobID"] for job in document["jobs"]] == [jobs[2], jobs[1]]
    assert next(walk(client, links(document)["next"])) == [jobs[0]]
    assert next(walk(client, links(document)["prev"])) == [jobs[4], jobs[3]]
    beyond = client.get(f"/jobs?limit=2&offset=999999999999999&{query}").json()
    assert beyond["jobs"] == []
    assert set(links(beyond)) == {"self", "prev"}


def test_a_limit_over_the_largest_is_taken_as_the_largest(client: Client) -> None:
    response = client.get("/jobs?limit=999999")
    assert response.status_code == 200
    assert "limit=10000" in links(response.json())["self"]


def test_links_stand_in_the_header_too(client: Client) -> None:
    response = client.get("/jobs?limit=1&status=successful,failed")
    assert f'<{links(response.json())["self"]}>; rel="self"' in response.headers["link"]
    head = client.head("/jobs?limit=1")
    assert (head.status_code, head.content) == (200, b"")
