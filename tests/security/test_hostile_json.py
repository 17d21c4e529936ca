"""Execute requests that mean harm: taken by the letter or refused, never an error of the server."""

import json
from typing import Any

import httpx
import pytest
from serving import Client

JSON = "application/json"


def post(client: Client, body: bytes, content_type: str | None = JSON) -> httpx.Response:
    headers = {"Content-Type": content_type} if content_type is not None else {}
    return client.post("/processes/echo/execution", content=body, headers=headers)


def with_mixed(value: bytes) -> bytes:
    return b'{"inputs": {"message": "x", "mixed": {"value": {"a": ' + value + b'}}}, "response": "document"}'


def refused(response: httpx.Response, status: int = 400) -> bool:
    is_problem = response.headers["content-type"] == "application/problem+json"
    return response.status_code == status and is_problem and response.json()["status"] == status


@pytest.mark.parametrize(
    "value",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"nan",
        b"0x10",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"1e",
        b"'x'",
        b"undefined",
        b"[1,]",
        b"{'a': 1}",
        b'{"a" 1}',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\\x41"',
        b'"\xff\xfe"',
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        b'"a\x00b"',
        b'"a\nb"',
        b"1 // comment",
        b"/* x */ 1",
        b'1}}}, "inputs": {"message": "y"}',
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1",
    ],
)
def test_what_is_no_json_is_refused(client: Client, value: bytes) -> None:
    response = post(client, with_mixed(value))
    assert refused(response), response.text[:300]
    assert len(response.content) < 2000


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\x00", b"\x1f\x8b", b"\xff\xfe", b")]}',\n", b"while(1);"])
def test_what_comes_before_the_request_is_refused(client: Client, start: bytes) -> None:
    assert refused(post(client, start + b'{"inputs": {"message": "x"}}'))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_json_is_utf_8_whatever_the_header_says(client: Client, encoding: str) -> None:
    body = '{"inputs": {"message": "é+-"}}'.encode(encoding)
    assert refused(post(client, body, f"{JSON}; charset={encoding}"))
    plain = b'{"inputs": {"message": "x"}, "response": "document"}'
    assert post(client, plain, f"{JSON}; charset={encoding}").status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=x", "text/plain", "text/json", "application/jsonp", "json", "*/*", ";"],
)
def test_only_json_is_read(client: Client, content_type: str) -> None:
    assert refused(post(client, b'{"inputs": {"message": "x"}}', content_type), 415)


@pytest.mark.parametrize("content_type", [None, "APPLICATION/JSON", "application/json;x=y", "application/vnd.x+json"])
def test_json_by_other_names_is_read(client: Client, content_type: str | None) -> None:
    assert post(client, b'{"inputs": {"message": "x"}, "response": "document"}', content_type).status_code == 200


@pytest.mark.parametrize(
    "number",
    ["1e308", "-1e308", "1e309", "1e999999999", "9" * 400, "9007199254740993", "18446744073709551616", "1e-400", "-0"],
)
def test_a_huge_number_breaks_nothing(client: Client, number: str) -> None:
    response = post(client, with_mixed(number.encode()))
    assert response.status_code in (200, 400), response.text[:300]
    count = post(client, b'{"inputs": {"message": "x", "count": ' + number.encode() + b"}}")
    assert refused(count) or float(number) in (0, 1), count.text[:300]


NAMES = ["__proto__", "constructor", "prototype", "__class__", "toString", "", " ", "\u0000", "\u202e", "$ref", "é"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_a_meaning_elsewhere_is_a_name(client: Client, name: str) -> None:
    value: dict[str, Any] = {"a": {name: {"polluted": True}}}
    response = client.execute("echo", {"message": "x", "mixed": {"value": value}}, response="document")
    assert response.status_code == 200, response.text[:300]
    assert response.json()["mixed"]["value"] == value
    unknown = client.execute("echo", {"message": "x", name: 1})
    assert refused(unknown), unknown.text[:300]
    assert refused(client.execute("echo", {"message": "x"}, outputs={name: {}}))


def test_of_names_that_come_twice_the_last_counts(client: Client) -> None:
    body = b'{"inputs": {"message": 5}, "inputs": {"message": "one", "message": "two"}, "response": "document"}'
    assert post(client, body).json()["message"] == "two"


def test_a_hundred_thousand_members_are_one_value(client: Client) -> None:
    value = {f"name-{number}": number for number in range(100_000)}
    response = client.execute("echo", {"message": "x", "mixed": {"value": value}}, response="document")
    assert response.json()["mixed"]["value"] == value
    assert refused(post(client, json.dumps({"inputs": {"message": "x"}, "outputs": value}).encode()))
