"""What bad input gets: 400 with everything that is wrong, before anything runs."""

import json
from typing import Any

import pytest
from serving import Client


def complaints(client: Client, process: str, request: Any) -> dict[str, str]:
    response = client.post(
        f"/processes/{process}/execution",
        content=json.dumps(request),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 400
    return {error["path"]: error["message"] for error in problem["errors"]}


def test_everything_wrong_is_said_at_once(client: Client) -> None:
    request = {
        "inputs": {"mesage": "hi", "pause": "x", "count": 11},
        "outputs": {"cuont": {}, "flag": {"transmissionMode": "fax"}},
        "response": "rwa",
    }
    found = complaints(client, "echo", request)
    assert 'did you mean "message"?' in found["$.inputs.mesage"]
    assert found["$.inputs.message"] == "is required"
    assert "integer" in found["$.inputs.pause"]
    assert "10" in found["$.inputs.count"]
    assert 'did you mean "count"?' in found["$.outputs.cuont"]
    assert "value, reference" in found["$.outputs.flag.transmissionMode"]
    assert "document" in found["$.response"]


@pytest.mark.parametrize("body", ["", "x", "{", '{"inputs": {"message": NaN}}', "\x00", '{"a":' * 2000])
def test_a_body_that_is_not_json_is_refused(client: Client, body: str) -> None:
    response = client.post(
        "/processes/echo/execution", content=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 400
    assert "JSON" in response.json()["detail"]


@pytest.mark.parametrize("body", [[], "text", 1, None, True])
def test_a_body_that_is_no_object_is_refused(client: Client, body: object) -> None:
    assert "object" in complaints(client, "echo", body)["$"]


@pytest.mark.parametrize("member", ["inputs", "outputs"])
def test_members_that_are_no_objects_are_refused(client: Client, member: str) -> None:
    assert "object" in complaints(client, "simple_process", {"inputs": {"input_text": "x"}, member: []})[f"$.{member}"]


@pytest.mark.parametrize(
    ("inputs", "path", "words"),
    [
        ({"input_text": ""}, "$.inputs.input_text", "character"),
        ({"input_text": "x" * 1001}, "$.inputs.input_text", "1000"),
        ({"input_text": None}, "$.inputs.input_text", "string"),
        ({"input_text": {"value": 5}}, "$.inputs.input_text", "string"),
        ({"input_text": {"value": "x", "mediaType": "image/png"}}, "$.inputs.input_text", "text/plain"),
        ({}, "$.inputs.input_text", "required"),
    ],
)
def test_an_invalid_value_is_named_with_its_reason(
    client: Client, inputs: dict[str, Any], path: str, words: str
) -> None:
    assert words in complaints(client, "simple_process", {"inputs": inputs})[path]


def test_the_place_within_a_value_is_named(client: Client) -> None:
    assert (
        "integer"
        in complaints(client, "echo", {"inputs": {"message": "x", "numbers": [1, "two"]}})["$.inputs.numbers[1]"]
    )
    assert complaints(client, "echo", {"inputs": {"message": "x", "area": {"bbox": [1, 2, 3, 4, 5]}}})


@pytest.mark.parametrize("image", ["not base64!", "====", 5, {"value": "aGk=", "mediaType": "image/tiff"}])
def test_binary_that_is_none_is_refused(client: Client, image: object) -> None:
    assert complaints(client, "echo-binary", {"inputs": {"image": image}})["$.inputs.image"]


def test_a_date_that_is_none_is_refused(client: Client) -> None:
    assert "date-time" in complaints(client, "echo", {"inputs": {"message": "x", "when": "yesterday"}})["$.inputs.when"]


def test_one_item_counts_as_a_list_of_one(client: Client) -> None:
    point = {"type": "Point", "coordinates": [1, 2]}
    one = client.execute("echo", {"message": "x", "geometry": {"value": point}}, response="document").json()
    many = client.execute("echo", {"message": "x", "geometry": [{"value": point}]}, response="document").json()
    assert one == many


def test_long_values_do_not_flood_the_answer(client: Client) -> None:
    response = client.execute("simple_process", {"input_text": "y" * 100_000})
    assert response.status_code == 400
    assert len(response.content) < 2000


def test_another_media_type_is_refused(client: Client) -> None:
    response = client.post("/processes/echo/execution", content=b"message=x", headers={"Content-Type": "text/csv"})
    assert response.status_code == 415


def test_unknown_members_and_query_parameters_are_ignored(client: Client) -> None:
    response = client.post(
        "/processes/simple_process/execution?schema=OGC", json={"inputs": {"input_text": "a"}, "mode": "async"}
    )
    assert response.text == "A"


@pytest.mark.parametrize(
    ("depth", "status"), [(100, 200), (245, 200), (260, 400), (900, 400), (1023, 400), (1100, 400)]
)
def test_deep_nesting_is_taken_or_refused(client: Client, depth: int, status: int) -> None:
    body = '{"inputs": {"message": "x", "mixed": {"value": ' + '{"a":' * depth + "1" + "}" * depth + "}}}"
    response = client.post("/processes/echo/execution", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.text[:300]


def test_base64_that_is_not_even_ascii_is_refused(client: Client) -> None:
    value = {"value": "Yé==", "encoding": "base64"}
    assert complaints(client, "simple_process", {"inputs": {"input_text": value}})["$.inputs.input_text"]


def test_a_flood_of_mistakes_gets_a_short_answer(client: Client) -> None:
    inputs = {f"unknown-{number}": number for number in range(20_000)}
    response = client.execute("echo", inputs)
    assert response.status_code == 400
    assert len(response.json()["errors"]) == 100


def test_a_compressed_body_is_refused(client: Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert client.post("/processes/echo/execution", content=b"x", headers=headers).status_code == 415


def test_an_integer_may_be_written_with_a_fraction_of_zero(client: Client) -> None:
    assert client.execute("echo", {"message": "x", "pause": 0.0}).status_code == 200
    response = client.execute("heat-map", {"size": 16.0, "steps": 1.0, "pause": 0}, outputs={"image": {}})
    assert response.status_code == 200


def test_a_path_tells_names_with_dots_from_members(client: Client) -> None:
    inputs = {"a": {"b": "x"}, "a.b": "y", "toString": {"it's \\": "z"}}
    found = complaints(client, "odd-names", {"inputs": inputs})
    assert '"x"' in found["$.inputs.a.b"]
    assert '"y"' in found["$.inputs['a.b']"]
    assert '"z"' in found[r"$.inputs.toString['it\'s \\']"]
    assert found[r"""$.inputs['say "it\'s"']"""] == "is required"
