"""Core: the list of processes, its pages, and the descriptions. Query parameters as OGC API - Common has them."""

import pytest
from answers import JSON, document_of, link_of, links_of, pages_of, problem_of
from definitions import definition_of, parameters_of
from fulfilment import fulfils
from serving import Client

LARGEST_LIMIT = 10_000


def all_ids(client: Client) -> list[str]:
    return [process["id"] for process in client.get(f"/processes?limit={LARGEST_LIMIT}").json()["processes"]]


@fulfils("/req/core/process-list", "/req/core/process-list-success")
def test_processes_are_listed_with_id_and_version(client: Client) -> None:
    document = document_of(client.get("/processes"), "processList.yaml")
    assert document["processes"]
    for process in document["processes"]:
        assert process.keys() >= {"id", "version"}
        assert client.get(link_of(process, "self")["href"]).json()["id"] == process["id"]


@fulfils("/req/core/pl-limit-definition", "/req/job-list/limit-definition")
@pytest.mark.parametrize("path", ["/processes", "/jobs"])
def test_limit_is_defined(client: Client, path: str) -> None:
    parameters = parameters_of(definition_of(client), path)
    assert parameters["limit"]["in"] == "query"
    assert parameters["limit"].get("required", False) is False
    assert parameters["limit"].get("style", "form") == "form"
    schema = parameters["limit"]["schema"]
    assert (schema["type"], schema["minimum"], schema["maximum"], schema["default"]) == ("integer", 1, 10_000, 10)


@fulfils("/req/core/pl-limit-definition", "/req/job-list/limit-definition")
@pytest.mark.parametrize("path", ["/processes", "/jobs"])
@pytest.mark.parametrize("limit", ["0", "-1", "abc", "1.5", "%2B1", "1e1", "", "null"])
def test_a_bad_limit_is_refused(client: Client, path: str, limit: str) -> None:
    problem = problem_of(client.get(f"{path}?limit={limit}"), 400)
    assert "limit" in problem["detail"]


@fulfils("/req/core/pl-limit-response")
def test_no_more_processes_than_the_limit_are_listed(client: Client) -> None:
    everything = all_ids(client)
    assert len(document_of(client.get("/processes?limit=1"), "processList.yaml")["processes"]) == 1
    assert len(document_of(client.get("/processes"), "processList.yaml")["processes"]) == min(10, len(everything))
    assert len(document_of(client.get("/processes?limit=999999"), "processList.yaml")["processes"]) <= LARGEST_LIMIT


@fulfils("/req/core/pl-links")
def test_the_process_list_links_to_itself_and_its_other_forms(client: Client) -> None:
    document = document_of(client.get("/processes?limit=3"), "processList.yaml")
    itself = link_of(document, "self")
    assert itself["type"] == JSON
    assert client.get(itself["href"]).json()["processes"] == document["processes"]
    alternates = {link["type"]: link["href"] for link in links_of(document, "alternate")}
    for media_type, href in alternates.items():
        assert client.get(href).headers["content-type"].startswith(media_type)
    has_pages = any(name.endswith("/html") for name in client.get("/conformance").json()["conformsTo"])
    assert ("text/html" in alternates) == has_pages


@fulfils("/rec/core/next-1", "/rec/core/next-2", "/rec/core/next-3")
def test_next_links_lead_through_all_processes_once(client: Client) -> None:
    pages = list(pages_of(client, "/processes?limit=3", "processList.yaml"))
    ids = [process["id"] for page in pages for process in page["processes"]]
    assert ids == all_ids(client)
    assert [len(page["processes"]) for page in pages[:-1]] == [3] * (len(pages) - 1)
    assert [len(links_of(page, "next")) for page in pages] == [1] * (len(pages) - 1) + [0]
    assert all("limit=3" in link["href"] for page in pages for link in links_of(page, "next"))


@fulfils("/per/core/prev")
def test_prev_links_lead_back(client: Client) -> None:
    first, second, *_ = pages_of(client, "/processes?limit=3", "processList.yaml")
    assert not links_of(first, "prev")
    back = document_of(client.get(link_of(second, "prev")["href"]), "processList.yaml")
    assert back["processes"] == first["processes"]


@fulfils("/req/core/process", "/req/core/process-success", "/rec/core/ogc-process-description")
def test_every_process_has_a_description(client: Client) -> None:
    for process_id in all_ids(client):
        document = document_of(client.get(f"/processes/{process_id}"), "process.yaml")
        assert document["id"] == process_id
        assert {"inputs", "outputs"} <= document.keys()


@fulfils("/req/core/process-exception/no-such-process")
def test_an_unknown_process_is_named_as_such(client: Client) -> None:
    problem_of(client.get("/processes/nope"), 404, "no-such-process")
    problem_of(client.execute("nope", {}), 404, "no-such-process")


@fulfils("/req/core/test-process", "/rec/core/test-process")
def test_a_process_echoes_after_a_pause(client: Client) -> None:
    inputs = {"message": "hi", "count": 2.5, "flag": False, "numbers": [1, 2], "pause": 1}
    response = client.execute("echo", inputs, response="document")
    assert response.status_code == 200
    assert response.json() == {name: value for name, value in inputs.items() if name != "pause"}


def test_names_of_query_parameters_are_case_sensitive_and_unknown_ones_ignored(client: Client) -> None:
    expected = client.get("/processes").json()["processes"]
    for query in ("LIMIT=1", "Limit=nonsense", "schema=OGC", "nonsense"):
        assert document_of(client.get(f"/processes?{query}"), "processList.yaml")["processes"] == expected


def test_lists_in_queries_are_split_at_commas_before_they_are_decoded(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 0})
    for query, is_there in (("echo,sleep", True), ("echo%2Csleep", False), ("echo,,sleep", True), ("", False)):
        jobs = document_of(client.get(f"/jobs?limit=10000&processID={query}"), "jobList.yaml")["jobs"]
        assert (job_id in [job["jobID"] for job in jobs]) == is_there, query
