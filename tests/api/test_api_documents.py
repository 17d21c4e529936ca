"""Landing page, conformance, process list and descriptions, API definition, health."""

from typing import Any

import pytest
from openapi_spec_validator import validate
from serving import Client, Server

SHIPPED = {"simple_process", "echo", "echo-binary", "service-coverage", "heat-map"}
REL = "http://www.opengis.net/def/rel/ogc/1.0/"


def links_of(document: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in document["links"]}


def test_the_landing_page_links_to_everything(client: Client, server: Server) -> None:
    document = client.get("/").json()
    links = links_of(document)
    assert links["self"] == f"{server.url}/"
    for rel in ("service-desc", REL + "conformance", REL + "processes", REL + "job-list"):
        assert client.get(links[rel]).status_code == 200
    assert all({"href", "rel", "type", "title"} <= set(link) for link in document["links"])


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"]
)
def test_the_landing_page_is_json_whatever_is_accepted(client: Client, accept: str | None) -> None:
    response = client.get("/", headers={"Accept": accept} if accept else {})
    assert response.headers["content-type"] == "application/json"


def test_conformance_lists_what_is_fulfilled(client: Client) -> None:
    classes = client.get("/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in classes
    assert len(classes) == len(set(classes))


def test_all_shipped_processes_are_listed_in_the_order_of_their_ids(client: Client) -> None:
    ids = [process["id"] for process in client.get("/processes?limit=100").json()["processes"]]
    assert set(ids) >= SHIPPED
    assert ids == sorted(ids)


def test_next_links_lead_through_all_processes_once(client: Client) -> None:
    url, seen = "/processes?limit=3", []
    while url:
        page = client.get(url).json()
        assert len(page["processes"]) <= 3
        seen += [process["id"] for process in page["processes"]]
        url = links_of(page).get("next", "")
    assert seen == [process["id"] for process in client.get("/processes?limit=100").json()["processes"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=abc", "limit=1.5", "offset=-1", "limit="])
@pytest.mark.parametrize("path", ["/processes", "/jobs"])
def test_a_bad_page_is_refused(client: Client, path: str, query: str) -> None:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["detail"]


def test_a_limit_over_the_largest_is_taken_as_the_largest(client: Client) -> None:
    assert client.get("/processes?limit=999999").status_code == 200


def test_a_description_has_inputs_outputs_and_an_execute_link(client: Client) -> None:
    document = client.get("/processes/simple_process").json()
    assert document["inputs"]["input_text"]["schema"] == {"type": "string", "minLength": 1, "maxLength": 1000}
    assert list(document["outputs"]) == ["output_text"]
    assert links_of(document)[REL + "execute"].endswith("/processes/simple_process/execution")
    assert "callable" not in document
    assert "run" not in document


def test_an_unknown_process_is_a_problem_with_a_suggestion(client: Client) -> None:
    for response in (client.get("/processes/ecco"), client.post("/processes/ecco/execution", json={})):
        assert response.status_code == 404
        problem = response.json()
        assert problem["type"].endswith("no-such-process")
        assert 'did you mean "echo"?' in problem["detail"]


def test_the_api_definition_is_valid_openapi_with_a_path_for_each_process(client: Client) -> None:
    response = client.get("/api")
    assert response.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = response.json()
    validate(document)
    assert document["openapi"].startswith("3.0")
    for process in SHIPPED:
        operation = document["paths"][f"/processes/{process}/execution"]["post"]
        body = operation["requestBody"]["content"]["application/json"]
        inputs = client.get(f"/processes/{process}").json()["inputs"]
        assert list(body["schema"]["properties"]["inputs"]["properties"]) == list(inputs)
        assert body["examples"]


def test_every_example_of_the_api_definition_runs(client: Client) -> None:
    paths = client.get("/api").json()["paths"]
    for process in SHIPPED:
        examples = paths[f"/processes/{process}/execution"]["post"]["requestBody"]["content"]["application/json"]
        for name, example in examples["examples"].items():
            request = {**example["value"], "response": "document"}
            if "pause" in request["inputs"]:
                request["inputs"]["pause"] = 0
            response = client.post(f"/processes/{process}/execution", json=request)
            assert response.status_code == 200, (process, name, response.text)


def test_head_answers_as_get_does_without_a_body(client: Client) -> None:
    for path in ("/", "/conformance", "/processes", "/processes/echo", "/jobs", "/api", "/health/live"):
        response = client.head(path)
        assert response.status_code == 200
        assert not response.content


def test_an_unknown_path_and_a_wrong_method_are_problems(client: Client) -> None:
    for response, status in ((client.get("/nowhere"), 404), (client.put("/processes"), 405)):
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == status


def test_problems_are_labelled_as_the_client_accepts_them(client: Client) -> None:
    for accept, expected in (
        ("application/json", "application/json"),
        ("*/*", "application/problem+json"),
        ("application/problem+json, application/json", "application/problem+json"),
    ):
        response = client.get("/jobs/unknown", headers={"Accept": accept})
        assert response.headers["content-type"] == expected
        assert response.json()["type"].endswith("no-such-job")


def test_a_foreign_host_header_builds_no_links(client: Client) -> None:
    for host in ("evil.example", "localhost:@evil.example", "localhost:80/evil.example", "[::1]:1:evil.example"):
        response = client.get("/", headers={"Host": host})
        assert response.is_client_error
        assert "//evil.example" not in response.text


def test_browsers_of_other_origins_may_call(client: Client) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,prefer",
    }
    assert client.options("/processes/echo/execution", headers=asked).status_code == 200
    exposed = client.get("/", headers={"Origin": "http://localhost:3000"}).headers["access-control-expose-headers"]
    assert {"Location", "Link", "Preference-Applied"} <= {name.strip() for name in exposed.split(",")}


def test_health(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}
