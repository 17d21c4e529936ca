"""Core: results, sync and async, as table 1b of the standard has them."""

import base64
import json
from typing import Any

import pytest
from answers import JSON, Document, assert_no_null, parts_of, targets_of
from fulfilment import fulfils
from httpx import Response
from serving import Client
from standard_schemas import RELAXED, assert_fits

IMAGE = b"\x89PNG\r\n\x1a\n and so on \x00\xff"
BASE64 = base64.b64encode(IMAGE).decode()
INPUTS = {"message": "hi", "count": 3, "mixed": {"value": {"a": 1}}}
REFERENCE = {"transmissionMode": "reference"}
VALUE = {"transmissionMode": "value"}


def sync_results(client: Client, process: str, inputs: dict[str, Any], **members: Any) -> Response:
    return client.execute(process, inputs, **members)


def async_results(client: Client, process: str, inputs: dict[str, Any], **members: Any) -> Response:
    job_id = client.submit(process, inputs, **members)
    assert client.finished(job_id)["status"] == "successful"
    return client.get(f"/jobs/{job_id}/results")


def results_of(response: Response) -> Document:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == JSON
    results: Document = response.json()
    assert_fits(results, "results.yaml", RELAXED)
    assert_no_null(results)
    return results


def check_one_raw_value(client: Client, results: Any) -> None:
    for process, inputs, outputs, media_type, body in (
        ("simple_process", {"input_text": "hello"}, None, "text/plain", b"HELLO"),
        ("echo", INPUTS, {"count": VALUE}, "text/plain", b"3"),
        ("echo", INPUTS, {"mixed": {}}, JSON, b'{"a":1}'),
        ("echo-binary", {"image": BASE64}, None, "image/png", IMAGE),
    ):
        response = results(client, process, inputs, **({"outputs": outputs} if outputs else {}))
        assert response.status_code == 200
        assert response.headers["content-type"].partition(";")[0] == media_type
        assert response.content == body


def check_several_raw_values(client: Client, results: Any) -> None:
    parts = parts_of(results(client, "echo", INPUTS, outputs={"message": {}, "count": VALUE, "mixed": {}}))
    bodies = {name: part.body for name, part in parts.items()}
    assert bodies == {"message": b"hi", "count": b"3", "mixed": b'{"a":1}'}
    assert [part.media_type.partition(";")[0] for part in parts.values()] == ["text/plain", "text/plain", JSON]


def check_raw_references(client: Client, results: Any) -> None:
    for expected in ({"count": b"3"}, {"message": b"hi", "count": b"3"}):
        response = results(client, "echo", INPUTS, outputs=dict.fromkeys(expected, REFERENCE))
        assert (response.status_code, response.content) == (204, b"")
        targets = targets_of(response)
        assert [target["title"] for target in targets] == list(expected)
        for target in targets:
            referenced = client.get(target["href"])
            assert referenced.headers["content-type"].startswith(target["type"])
            assert referenced.content == expected[target["title"]]


def check_mixed_raw_values(client: Client, results: Any) -> None:
    parts = parts_of(results(client, "echo", INPUTS, outputs={"message": VALUE, "mixed": REFERENCE}))
    assert set(parts) == {"message", "mixed"}
    assert (parts["message"].body, parts["message"].location) == (b"hi", None)
    assert parts["mixed"].body == b""
    assert parts["mixed"].location
    assert client.get(parts["mixed"].location).json() == {"a": 1}


def check_document(client: Client, results: Any) -> None:
    by_value = results_of(results(client, "echo", INPUTS, response="document"))
    assert by_value.keys() == INPUTS.keys()
    assert (by_value["message"], by_value["count"], by_value["mixed"]["value"]) == ("hi", 3, {"a": 1})
    image = results_of(results(client, "echo-binary", {"image": BASE64}, response="document"))["image"]
    assert image == {"value": BASE64, "encoding": "base64", "mediaType": "image/png"}
    outputs = {"message": VALUE, "mixed": REFERENCE}
    mixed = results_of(results(client, "echo", INPUTS, outputs=outputs, response="document"))
    assert mixed["message"] == "hi"
    assert mixed["mixed"]["type"] == JSON
    assert client.get(mixed["mixed"]["href"]).json() == {"a": 1}


@fulfils("/req/core/process-execute-sync-raw-value-one")
def test_one_output_is_sent_as_itself(client: Client) -> None:
    check_one_raw_value(client, sync_results)


@fulfils("/req/core/job-results-async-raw-value-one")
def test_one_output_of_a_job_is_sent_as_itself(client: Client) -> None:
    check_one_raw_value(client, async_results)


@fulfils("/req/core/process-execute-sync-raw-value-multi")
def test_several_outputs_are_sent_as_parts(client: Client) -> None:
    check_several_raw_values(client, sync_results)


@fulfils("/req/core/job-results-async-raw-value-multi")
def test_several_outputs_of_a_job_are_sent_as_parts(client: Client) -> None:
    check_several_raw_values(client, async_results)


@fulfils("/req/core/process-execute-sync-raw-ref")
def test_outputs_by_reference_are_links_and_no_content(client: Client) -> None:
    check_raw_references(client, sync_results)


@fulfils("/req/core/job-results-async-raw-ref")
def test_outputs_of_a_job_by_reference_are_links_and_no_content(client: Client) -> None:
    check_raw_references(client, async_results)


@fulfils("/req/core/process-execute-sync-raw-mixed-multi")
def test_a_part_by_reference_is_empty_and_says_where_its_content_is(client: Client) -> None:
    check_mixed_raw_values(client, sync_results)


@fulfils("/req/core/job-results-async-raw-mixed-multi")
def test_a_part_of_a_job_by_reference_is_empty_and_says_where_its_content_is(client: Client) -> None:
    check_mixed_raw_values(client, async_results)


@fulfils("/req/core/process-execute-sync-document")
def test_a_document_holds_values_and_links(client: Client) -> None:
    check_document(client, sync_results)


@fulfils("/req/core/job-results-async-document", "/req/core/job-results")
def test_a_document_of_a_job_holds_values_and_links(client: Client) -> None:
    check_document(client, async_results)


@fulfils("/rec/core/process-execute-sync-document-ref")
def test_a_number_by_reference_is_a_text_file(client: Client) -> None:
    response = sync_results(client, "echo", INPUTS, outputs={"count": REFERENCE}, response="document")
    link = results_of(response)["count"]
    referenced = client.get(link["href"])
    assert referenced.headers["content-type"].partition(";")[0] == link["type"] == "text/plain"
    assert referenced.text == "3"


@fulfils("/req/core/process-execute-default-outputs")
@pytest.mark.parametrize("members", [{}, {"outputs": {}}])
def test_all_outputs_are_sent_where_none_is_asked_for(client: Client, members: Document) -> None:
    assert results_of(client.execute("echo", INPUTS, response="document", **members)).keys() == INPUTS.keys()
    assert parts_of(client.execute("echo", INPUTS, **members)).keys() == INPUTS.keys()


@fulfils("/req/core/process-execute-sync-raw-value-one", "/req/core/job-results-async-raw-value-one")
@pytest.mark.parametrize("accept", [JSON, "image/jpeg", "application/json, text/plain"])
def test_results_are_of_their_own_type_whatever_is_accepted(client: Client, accept: str) -> None:
    body = {"inputs": {"input_text": "hello"}}
    response = client.post("/processes/simple_process/execution", json=body, headers={"Accept": accept})
    assert (response.status_code, response.text) == (200, "HELLO")


@fulfils("/req/core/job-results")
def test_single_outputs_of_a_job_are_chosen_by_path_or_query(client: Client) -> None:
    job_id = client.submit("echo", INPUTS)
    client.finished(job_id)
    assert client.get(f"/jobs/{job_id}/results/count").text == "3"
    assert client.get(f"/jobs/{job_id}/results?outputs=count").text == "3"
    assert set(parts_of(client.get(f"/jobs/{job_id}/results?outputs=count,message"))) == {"count", "message"}
    assert json.loads(client.get(f"/jobs/{job_id}/results/mixed").content) == {"a": 1}
