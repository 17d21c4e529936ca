"""Core: the execute request and its inputs, inline and by reference."""

import base64
import json
from typing import Any

import pytest
from answers import problem_of
from fulfilment import fulfils
from listening import Listener
from serving import Client
from standard_schemas import RELAXED, assert_fits

GML = "application/gml+xml; version=3.2"
POINT = {"type": "Point", "coordinates": [1.5, 2]}
IMAGE = b"\x89PNG\r\n\x1a\n and so on \x00\xff"
BASE64 = base64.b64encode(IMAGE).decode()


def received(client: Client, process: str = "receive", /, **inputs: Any) -> Any:
    """What the callable got."""
    response = client.execute(process, inputs)
    assert response.status_code == 200, response.text
    return response.json()


def assert_refused(client: Client, name: str, value: Any, process: str = "receive") -> None:
    """400, with the name of the input."""
    problem = problem_of(client.execute(process, {name: value}), 400)
    assert f"$.inputs.{name}" in problem["detail"]


@fulfils("/req/core/process-execute-op")
def test_a_process_is_executed_by_post(client: Client) -> None:
    assert client.execute("receive", {"text": "hi"}).status_code == 200
    assert client.execute("receive", {"text": "hi"}, "respond-async").status_code == 201


@fulfils("/req/core/process-execute-request")
def test_an_execute_request_of_the_standard_is_taken(client: Client, listener: Listener) -> None:
    request = {
        "inputs": {"text": "hi", "number": 3},
        "outputs": {"received": {"transmissionMode": "value", "format": {"mediaType": "application/json"}}},
        "response": "document",
        "subscriber": {"successUri": f"{listener.url}/done"},
    }
    assert_fits(request, "execute.yaml", RELAXED)
    response = client.post("/processes/receive/execution", json=request)
    assert response.status_code == 200, response.text
    assert response.json()["received"]["value"] == {"text": "hi", "number": 3}


@fulfils("/req/core/process-execute-request")
@pytest.mark.parametrize(
    "body",
    [
        {"response": "x"},
        {"response": None},
        {"inputs": []},
        {"inputs": {"nothing": 1}},
        {"outputs": []},
        {"outputs": {"nothing": {}}},
        {"outputs": {"received": {"transmissionMode": "x"}}},
        {"outputs": {"received": {"format": {"mediaType": "x/y"}}}},
        {"subscriber": "x"},
        {"subscriber": {"successUri": "no address"}},
        [],
        "text",
        None,
        1,
    ],
)
def test_an_execute_request_of_another_form_is_refused(client: Client, body: Any) -> None:
    problem_of(client.post("/processes/receive/execution", json=body), 400)


@fulfils("/req/core/process-execute-request")
def test_a_body_that_is_not_json_is_refused(client: Client) -> None:
    for content in (b"", b"{", b'{"inputs": {"number": NaN}}', b"\xff"):
        headers = {"Content-Type": "application/json"}
        problem_of(client.post("/processes/receive/execution", content=content, headers=headers), 400)


@fulfils("/req/core/process-execute-inputs")
@pytest.mark.parametrize(
    ("name", "page", "inline"),
    [
        ("measure", ("application/json", b'{"amount": 2.5}'), {"value": {"amount": 2.5}}),
        ("shape", ("application/geo+json", json.dumps(POINT).encode()), {"value": POINT}),
        ("shape", (GML, b"<gml:Point/>"), {"value": "<gml:Point/>", "mediaType": GML}),
        ("picture", ("image/png", IMAGE), BASE64),
        ("text", ("text/plain", "Größe".encode()), "Größe"),
    ],
)
def test_inputs_are_taken_inline_and_by_reference(
    client: Client, listener: Listener, name: str, page: tuple[str, bytes], inline: Any
) -> None:
    media_type, href = page[0], listener.page("/input", *page)
    by_value = received(client, **{name: inline})
    assert received(client, **{name: {"href": href, "type": media_type}}) == by_value
    assert received(client, **{name: {"href": href}}) == by_value


@fulfils("/req/core/process-execute-input-array")
def test_an_input_that_may_come_several_times_is_an_array(client: Client) -> None:
    for words in (["a"], ["a", "b"], ["a", {"value": "b"}, "c"]):
        expected = [word["value"] if isinstance(word, dict) else word for word in words]
        assert received(client, "repeated", words=words) == {"words": expected}
    assert received(client, "repeated", words="a") == {"words": ["a"]}
    assert_refused(client, "words", [], "repeated")
    assert_refused(client, "words", ["a", "b", "c", "d"], "repeated")
    assert_refused(client, "words", ["a", 2], "repeated")


@fulfils("/req/core/process-execute-input-inline-object")
def test_an_object_is_sent_as_a_qualified_value(client: Client) -> None:
    measure = {"amount": 2.5, "unit": "m"}
    assert received(client, measure={"value": measure}) == {"measure": measure}
    qualified = {"value": measure, "mediaType": "application/json"}
    assert received(client, measure=qualified) == {"measure": measure}
    assert_refused(client, "measure", {"value": {"amount": "much"}})
    assert_refused(client, "measure", {"value": "text"})


@fulfils("/req/core/process-execute-input-mixed-type")
def test_the_media_type_of_a_value_chooses_among_several_schemas(client: Client) -> None:
    assert received(client, shape={"value": "<gml:Point/>", "mediaType": GML}) == {"shape": "<gml:Point/>"}
    assert received(client, shape={"value": POINT, "mediaType": "application/geo+json"}) == {"shape": POINT}
    assert received(client, shape={"value": POINT, "format": {"mediaType": "application/geo+json"}}) == {"shape": POINT}
    assert_refused(client, "shape", {"value": "<gml:Point/>", "mediaType": "application/vnd.unknown"})
    assert_refused(client, "shape", {"value": POINT, "mediaType": GML})


@fulfils("/req/core/process-execute-input-inline-binary")
def test_binary_is_sent_as_base64(client: Client) -> None:
    expected = {"picture": {"base64": BASE64}}
    assert received(client, picture=BASE64) == expected
    assert received(client, picture={"value": BASE64, "encoding": "base64", "mediaType": "image/png"}) == expected
    assert received(client, bytes=BASE64) == {"bytes": {"base64": BASE64}}
    assert_refused(client, "picture", "no base64!")
    assert_refused(client, "picture", 1)


@fulfils("/req/core/process-execute-input-inline-bbox")
def test_bounding_boxes_have_four_or_six_numbers(client: Client) -> None:
    for box in (
        {"bbox": [51.9, 7, 52, 7.1]},
        {"bbox": [51.9, 7, 0, 52, 7.1, 9.5], "crs": "http://www.opengis.net/def/crs/OGC/0/CRS84h"},
        {"bbox": [51.9, 7, 52, 7.1], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"},
    ):
        got = received(client, box=box)["box"]
        assert {**got, **box} == got
    for numbers in ([1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, "4"], "1,2,3,4"):
        assert_refused(client, "box", {"bbox": numbers})


@fulfils("/req/core/process-execute-input-validation")
def test_inline_values_are_checked_and_all_complaints_told(client: Client) -> None:
    problem = problem_of(
        client.execute("receive", {"number": -1, "text": "x" * 21, "moment": "noon", "nambre": 1}), 400
    )
    for name in ("number", "text", "moment", "nambre"):
        assert f"$.inputs.{name}" in problem["detail"]


@fulfils("/req/core/process-execute-input-validation")
def test_referenced_values_are_fetched_and_checked(client: Client, listener: Listener) -> None:
    href = listener.page("/wrong", "application/json", b'{"unit": "m"}')
    assert_refused(client, "measure", {"href": href, "type": "application/json"})
    assert_refused(client, "measure", {"href": listener.page("/broken", "application/json", b"{")})
    assert_refused(client, "measure", {"href": f"{listener.url}/nowhere", "type": "application/json"})
    assert_refused(client, "measure", {"href": "file:///etc/passwd"})


@fulfils("/req/core/process-execute-input-validation")
def test_a_missing_input_is_named(client: Client) -> None:
    problem = problem_of(client.execute("repeated", {}), 400)
    assert "$.inputs.words" in problem["detail"]
