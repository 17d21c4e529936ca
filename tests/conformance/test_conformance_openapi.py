"""Class oas30: the API definition says what the server does, and the server does what it says."""

import re
from typing import Any

import pytest
from answers import document_of, link_of
from definitions import assert_documented, definition_of, every_reference, operations, resolve
from fulfilment import fulfils
from openapi_spec_validator import OpenAPIV30SpecValidator
from serving import Client


@fulfils("/req/oas30/oas-definition-1")
def test_the_definition_is_there_as_json_and_as_html(client: Client) -> None:
    assert definition_of(client)["paths"]
    page = link_of(document_of(client.get("/"), "landingPage.yaml"), "service-doc")
    assert page["type"] == "text/html"
    response = client.get(page["href"])
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == "text/html"


@fulfils("/req/oas30/oas-definition-2")
def test_the_definition_is_valid_openapi_3_0_without_foreign_references(client: Client) -> None:
    definition = definition_of(client)
    assert re.fullmatch(r"3\.0\.\d+", definition["openapi"])
    OpenAPIV30SpecValidator(definition).validate()
    assert all(reference.startswith("#/") for reference in every_reference(definition))


@pytest.fixture
def names(client: Client) -> dict[str, str]:
    """Values of path parameters that lead to something."""
    job_id = client.submit("echo", {"message": "hi"})
    client.finished(job_id)
    return {"processID": "echo", "jobID": job_id, "outputID": "message"}


@fulfils("/req/oas30/oas-impl")
def test_everything_that_can_be_read_is_there(client: Client, names: dict[str, str]) -> None:
    definition = definition_of(client)
    for method, path, operation in operations(definition):
        if method == "get":
            response = client.get(path.format_map(names))
            assert response.status_code == 200, (path, response.text)
            assert_documented(definition, path, response)
            assert operation["responses"]["200"]


@fulfils("/req/oas30/oas-impl")
def test_every_parameter_of_a_query_is_read(client: Client, names: dict[str, str]) -> None:
    definition = definition_of(client)
    for method, path, operation in operations(definition):
        for parameter in operation["parameters"] if method == "get" else []:
            if parameter["in"] == "query" and resolve(definition, parameter["schema"])["type"] == "integer":
                url = path.format_map(names)
                assert client.get(url, params={parameter["name"]: 1}).status_code == 200, parameter
                assert client.get(url, params={parameter["name"]: "nonsense"}).status_code == 400, parameter


@fulfils("/req/oas30/oas-impl")
def test_everything_that_can_be_posted_is_taken(client: Client, names: dict[str, str]) -> None:
    definition = definition_of(client)
    for method, path, operation in operations(definition):
        if method == "post":
            response = client.post(path.format_map(names), json=[])
            assert response.status_code == 400, (path, response.text)
            assert_documented(definition, path, response)
            assert operation["requestBody"]["content"]["application/json"]["schema"]


@fulfils("/req/oas30/oas-impl")
def test_every_process_has_a_path(client: Client) -> None:
    paths = definition_of(client)["paths"]
    for process in client.get("/processes?limit=10000").json()["processes"]:
        assert f"/processes/{process['id']}/execution" in paths


@fulfils("/req/oas30/completeness")
def test_every_answer_to_an_execution_is_described(client: Client) -> None:
    definition = definition_of(client)
    path = "/processes/echo/execution"
    by_reference = {"message": {"transmissionMode": "reference"}}
    asked: list[dict[str, Any]] = [
        {},
        {"response": "document"},
        {"outputs": {"message": {}}},
        {"outputs": by_reference},
    ]
    for members in asked:
        for prefer in ("", "respond-async"):
            response = client.execute("echo", {"message": "hi", "count": 1}, prefer, **members)
            assert_documented(definition, path, response)


@fulfils("/req/oas30/completeness")
def test_every_answer_about_a_job_is_described(client: Client) -> None:
    definition = definition_of(client)
    job_id = client.submit("echo", {"message": "hi"}, outputs={"message": {"transmissionMode": "reference"}})
    client.finished(job_id)
    for path in ("/jobs/{jobID}", "/jobs/{jobID}/results", "/jobs/{jobID}/results/{outputID}"):
        assert_documented(definition, path, client.get(path.format(jobID=job_id, outputID="message")))
    for _ in range(2):
        assert_documented(definition, "/jobs/{jobID}", client.delete(f"/jobs/{job_id}"))
    assert_documented(definition, "/jobs/{jobID}", client.get(f"/jobs/{job_id}"))


@fulfils("/req/oas30/exceptions-codes")
def test_every_error_is_described(client: Client) -> None:
    definition = definition_of(client)
    execution = "/processes/echo/execution"
    picture = {"Accept": "image/png"}
    for path, response, status in (
        (execution, client.execute("echo", {}), 400),
        (execution, client.post(execution, content=b"x", headers={"Content-Type": "text/xml"}), 415),
        ("/processes/misbehave/execution", client.execute("misbehave", {"how": "exception"}), 500),
        ("/processes", client.get("/processes?limit=0"), 400),
        ("/processes", client.get("/processes", headers=picture), 406),
        ("/processes/{processID}", client.get("/processes/nope"), 404),
        ("/jobs", client.get("/jobs?status=nope"), 400),
        ("/jobs/{jobID}", client.get("/jobs/nope"), 404),
        ("/jobs/{jobID}", client.delete("/jobs/nope"), 404),
        ("/jobs/{jobID}/results", client.get("/jobs/nope/results"), 404),
        ("/", client.get("/", headers=picture), 406),
    ):
        assert response.status_code == status
        assert_documented(definition, path, response)


@fulfils("/req/oas30/security")
def test_what_needs_no_credentials_names_no_security_scheme(client: Client) -> None:
    definition = definition_of(client)
    for path in ("/processes", "/jobs"):
        assert client.get(path).status_code == 200
    assert "securitySchemes" not in definition.get("components", {})
    assert not definition.get("security")
    assert not [path for _, path, operation in operations(definition) if operation.get("security")]
