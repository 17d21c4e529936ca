"""The API definition: both versions of OpenAPI, and the page."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import html5lib
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from serving import ROOT, Client, Server

from fastprocesses_server.api.landing_page import api_definition_links
from fastprocesses_server.api.openapi.dialects import OPENAPI_30_DIALECT, OPENAPI_31_DIALECT, Dialect
from fastprocesses_server.api.openapi.document import openapi_document
from fastprocesses_server.api.openapi.page import api_page
from fastprocesses_server.api.representation import render
from fastprocesses_server.links import Urls
from fastprocesses_server.processes.description import Process
from fastprocesses_server.processes.registry import Registry
from fastprocesses_server.settings import Settings

OPENAPI_30 = "application/vnd.oai.openapi+json;version=3.0"
OPENAPI_31 = "application/vnd.oai.openapi+json;version=3.1"
URLS = Urls("http://localhost:8000")
AWKWARD = "<b>\"bold\" & 'odd'</b>\n`Ł` {{ 1 }}"


def service_links(client: Client) -> dict[str, str]:
    links = client.get("/").json()["links"]
    return {link["type"]: link["href"] for link in links if link["rel"] in ("service-desc", "service-doc")}


def references_in(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        for member in document.values():
            yield from references_in(member)
    if isinstance(document, list):
        for item in document:
            yield from references_in(item)


def target_of(document: dict[str, Any], reference: str) -> Any:
    assert reference.startswith("#/"), reference
    target: Any = document
    for step in reference[2:].split("/"):
        target = target[step]
    return target


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = target_of(document, part["$ref"]) if "$ref" in part else part
    return found


def make_process(**members: Any) -> Process:
    named = {"id": "trial", "version": "1", "callable": "a:b", "fingerprint": "", "source": "trial.yaml", **members}
    return Process.model_validate(named)


def make_document(process: Process, dialect: Dialect = OPENAPI_30_DIALECT, **settings: Any) -> dict[str, Any]:
    document = openapi_document(Settings(**settings), Registry({process.id: process}), URLS, dialect)
    validate(document)
    return document


def execution_of(document: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"]["/processes/trial/execution"]["post"]
    return operation


def body_schema(document: dict[str, Any]) -> dict[str, Any]:
    """The schema of the body with the components that it refers to."""
    schema = execution_of(document)["requestBody"]["content"]["application/json"]["schema"]
    return {**schema, "components": document["components"]}


def test_the_landing_page_links_to_both_versions_and_the_page(client: Client) -> None:
    links = service_links(client)
    assert list(links) == [OPENAPI_30, OPENAPI_31, "text/html"]
    for media_type, href in links.items():
        response = client.get(href)
        assert response.status_code == 200
        assert response.headers["content-type"].removesuffix("; charset=utf-8") == media_type


@pytest.mark.parametrize(("media_type", "version"), [(OPENAPI_30, "3.0."), (OPENAPI_31, "3.1.")])
def test_each_version_is_valid_and_refers_only_to_itself(client: Client, media_type: str, version: str) -> None:
    document = client.get(service_links(client)[media_type]).json()
    validate(document)
    assert document["openapi"].startswith(version)
    for reference in references_in(document):
        assert target_of(document, reference)


def test_accept_chooses_among_the_forms(client: Client) -> None:
    for accept, expected in (
        ("application/json", OPENAPI_30),
        ("application/vnd.oai.openapi+json", OPENAPI_30),
        (OPENAPI_30, OPENAPI_30),
        (OPENAPI_31, OPENAPI_31),
        (f"{OPENAPI_30};q=0.5, {OPENAPI_31}", OPENAPI_31),
        ("*/*", OPENAPI_30),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", OPENAPI_30),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
    ):
        assert client.get("/api", headers={"Accept": accept}).headers["content-type"] == expected


def test_every_form_links_to_the_others(client: Client) -> None:
    for form in ("json", "openapi31", "html"):
        header = client.get("/api", params={"f": form}).headers["link"]
        assert header.count('rel="self"') == 1
        assert header.count('rel="alternate"') == 2


def test_everything_that_is_described_is_there(client: Client) -> None:
    document = client.get("/api").json()
    job_id = client.submit("simple_process", {"input_text": "described"})
    client.finished(job_id)
    values = {"processID": "simple_process", "jobID": job_id, "outputID": "output_text"}
    for path, methods in document["paths"].items():
        allowed = client.options(path.format_map(values)).headers["allow"].lower().split(", ")
        assert set(methods) <= set(allowed), path
        if "get" in methods:
            response = client.get(path.format_map(values))
            described = resolved(document, methods["get"]["responses"][str(response.status_code)])
            assert response.status_code == 200, path
            assert {response.headers["content-type"], "*/*"} & set(described["content"]), path


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/processes?limit=0", 400),
        ("GET", "/processes/nope", 404),
        ("GET", "/jobs/nope", 404),
        ("GET", "/jobs?limit=x", 400),
        ("DELETE", "/jobs/nope", 404),
        ("GET", "/jobs/nope/results", 404),
        ("GET", "/jobs/nope/results/x", 404),
        ("POST", "/processes/echo/execution", 400),
    ],
)
def test_errors_are_described_where_they_occur(client: Client, method: str, path: str, status: int) -> None:
    document = client.get("/api").json()
    response = client.request(method, path)
    assert response.status_code == status
    templates = [
        template
        for template, methods in document["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), urlsplit(path).path) and method.lower() in methods
    ]
    described = document["paths"][templates[-1]][method.lower()]["responses"][str(status)]
    assert response.headers["content-type"] in resolved(document, described)["content"]


def test_statuses_of_an_execution_follow_from_what_the_process_offers() -> None:
    def statuses(options: list[str], **settings: Any) -> set[str]:
        return set(execution_of(make_document(make_process(jobControlOptions=options), **settings))["responses"])

    assert {"200", "204"} <= statuses(["sync-execute"])
    assert not {"201", "504"} & statuses(["sync-execute"])
    assert "504" in statuses(["sync-execute"], sync_execution_timeout_seconds=5)
    assert not {"200", "204", "504"} & statuses(["async-execute"], sync_execution_timeout_seconds=5)
    assert {"200", "201", "204", "400", "404", "405", "413", "415", "500", "503"} <= statuses(
        ["sync-execute", "async-execute"]
    )


def test_a_job_list_that_is_off_is_not_described() -> None:
    assert "/jobs" in make_document(make_process())["paths"]
    assert "/jobs" not in make_document(make_process(), job_list="off")["paths"]


@pytest.mark.parametrize("dialect", [OPENAPI_30_DIALECT, OPENAPI_31_DIALECT])
def test_inputs_are_typed_in_all_their_forms(dialect: Dialect) -> None:
    process = make_process(
        inputs={
            "count": {"schema": {"type": "integer", "minimum": 1}},
            "names": {"schema": {"type": "string"}, "minOccurs": 0, "maxOccurs": 2},
            "odd name": {"schema": {"$ref": "#/$defs/word", "$defs": {"word": {"type": "string"}}}, "minOccurs": 0},
        }
    )
    validator = Draft202012Validator(body_schema(make_document(process, dialect)))
    for inputs in (
        {"count": 1},
        {"count": {"value": 1, "mediaType": "text/plain"}},
        {"count": {"href": "https://data.example/count", "type": "text/plain"}},
        {"count": 1, "names": "a"},
        {"count": 1, "names": ["a", {"value": "b"}], "odd name": "c"},
    ):
        assert validator.is_valid({"inputs": inputs}), inputs
    for inputs in ({}, {"count": 0}, {"count": "1"}, {"count": 1, "other": 1}, {"count": 1, "names": ["a", "b", "c"]}):
        assert not validator.is_valid({"inputs": inputs}), inputs


def test_results_are_typed_by_their_media_types() -> None:
    process = make_process(
        outputs={
            "area": {"schema": {"type": "number"}},
            "map": {"schema": {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}},
            "any": {"schema": {"type": "string", "contentEncoding": "base64"}},
        }
    )
    document = make_document(process)
    content = execution_of(document)["responses"]["200"]["content"]
    assert set(content) == {"application/json", "multipart/related", "text/plain", "image/png", "*/*"}
    assert resolved(document, content["text/plain"]["schema"]) == {"type": "number"}
    assert content["image/png"]["schema"] == {"type": "string", "format": "binary"}
    assert list(content["application/json"]["schema"]["properties"]) == ["area", "map", "any"]


def test_schemas_are_written_in_the_words_of_each_version() -> None:
    schema = {
        "type": ["object", "null"],
        "properties": {
            "contentMediaType": {"type": "number", "exclusiveMinimum": 0},
            "list": {"type": "array"},
            "bytes": {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"},
        },
    }
    process = make_process(inputs={"it": {"schema": schema}})
    of_30, of_31 = (
        make_document(process, dialect)["components"]["schemas"]["trial.inputs.it"]
        for dialect in (OPENAPI_30_DIALECT, OPENAPI_31_DIALECT)
    )
    assert of_30["nullable"] is True
    assert of_30["properties"]["contentMediaType"] == {"type": "number", "minimum": 0, "exclusiveMinimum": True}
    assert of_30["properties"]["list"] == {"type": "array", "items": {}}
    assert of_30["properties"]["bytes"] == {"type": "string", "format": "byte"}
    assert of_31["type"] == ["object", "null"]
    assert of_31["properties"]["contentMediaType"] == {"type": "number", "exclusiveMinimum": 0}
    assert of_31["properties"]["bytes"]["contentMediaType"] == "image/png"


def test_processes_without_examples_get_one_where_their_schemas_tell_it() -> None:
    def examples(schema: dict[str, Any]) -> Any:
        process = make_process(inputs={"it": {"schema": schema}})
        return execution_of(make_document(process))["requestBody"]["content"]["application/json"].get("examples")

    assert examples({"type": "string", "enum": ["a", "b"]})["least"]["value"] == {"inputs": {"it": "a"}}
    assert examples({"type": "string", "examples": ["c"]})["least"]["value"] == {"inputs": {"it": "c"}}
    assert examples({"type": "string", "default": "d"})["least"]["value"] == {"inputs": {}}
    assert examples({"type": "string"}) is None


def test_examples_fit_the_schemas_of_their_bodies(client: Client) -> None:
    document = client.get("/api").json()
    for path, methods in document["paths"].items():
        body = methods.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        validator = Draft202012Validator({**body.get("schema", {}), "components": document["components"]})
        for name, example in body.get("examples", {}).items():
            assert validator.is_valid(example["value"]), (path, name)


def test_the_page_is_html_5_and_needs_nobody_else(client: Client, server: Server) -> None:
    response = client.get("/api?f=html")
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(response.text)
    assert not page.findall(".//script")
    assert not [one for one in page.iter() for name in one.attrib if re.fullmatch(r"style|on\w+", name)]
    sources = [element.get("src") or element.get("href") for element in page.iterfind(".//link[@rel='stylesheet']")]
    assert sources
    for source in sources:
        address = urljoin(f"{server.url}/api", source)
        assert address.startswith(server.url)
        assert client.get(address).headers["content-type"].startswith("text/css")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_links_within_the_page_lead_somewhere(client: Client) -> None:
    page = html5lib.parse(client.get("/api?f=html").text, namespaceHTMLElements=False)
    anchors = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(anchors) == len(set(anchors))
    targets = [element.get("href") for element in page.iter("a")]
    assert {target[1:] for target in targets if target.startswith("#")} <= set(anchors)


def test_every_operation_is_on_the_page(client: Client) -> None:
    page = client.get("/api?f=html").text
    for path, methods in client.get("/api").json()["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page


def test_curl_lines_of_the_page_run(client: Client) -> None:
    page = html5lib.parse(client.get("/api?f=html").text, namespaceHTMLElements=False)
    lines = ["".join(pre.itertext()) for pre in page.iterfind(".//section[@id='execute-simple_process']//figure/pre")]
    answers = [
        subprocess.run(["sh", "-c", f"{line} --silent"], capture_output=True, text=True, check=True).stdout
        for line in lines
    ]
    assert answers == ["HELLO WORLD", "MILE-END, CÔTE-DES-NEIGES, GROSSER GARTEN"]


def test_the_page_escapes_what_authors_write() -> None:
    process = make_process(
        title=AWKWARD,
        description=AWKWARD,
        inputs={"it": {"title": AWKWARD, "description": AWKWARD, "schema": {"type": "string", "title": AWKWARD}}},
        examples={"one": {"title": AWKWARD, "inputs": {"it": AWKWARD}}},
    )
    document = make_document(process, api_title=AWKWARD, api_description=AWKWARD, api_contact_name=AWKWARD)
    page = render(Settings(), "/api", api_page(document), document, api_definition_links(URLS))
    parsed = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert not parsed.findall(".//b")
    assert AWKWARD in "".join(parsed.itertext())


@pytest.mark.parametrize("path", ["/static/nothing.css", "/static/", "/static/%2e%2e/__init__.py", "/static/%00"])
def test_there_is_nothing_but_the_files_of_the_pages(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_files_of_the_pages_belong_to_the_package() -> None:
    pages = Path(ROOT) / "fastprocesses_server" / "api" / "pages"
    assert (pages / "static" / "pages.css").is_file()
    assert (pages / "templates" / "api_definition.html").is_file()


def answers_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                yield path, status, resolved(document, answer)


@pytest.mark.parametrize("dialect", [OPENAPI_30_DIALECT, OPENAPI_31_DIALECT])
def test_every_answer_has_the_name_of_its_request(dialect: Dialect) -> None:
    for settings in ({}, {"auth": "required"}, {"rate_limit": "9/minute"}):
        document = make_document(make_process(), dialect, **settings)
        for path, status, answer in answers_of(document):
            assert "X-Request-Id" in answer["headers"], (path, status)
    assert list(execution_of(document)["parameters"])[-1] == {"$ref": "#/components/parameters/traceparent"}


def test_every_operation_may_find_its_host_mistaken_and_a_private_server_another_meant() -> None:
    for settings, is_told in (({}, True), ({"public_url": "https://maps.example"}, False), ({"host": "::"}, False)):
        document = make_document(make_process(), **settings)
        for path, methods in document["paths"].items():
            for operation in methods.values():
                assert "400" in operation["responses"], path
                assert ("421" in operation["responses"]) is is_told, path
