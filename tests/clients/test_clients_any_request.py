"""Any request whatever gets a documented status, never a fault of the server, and problems that are well formed."""

import json
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from serving import Client

SHIPPED = ("echo", "echo-binary", "heat-map", "service-coverage", "simple_process")
MEMBERS = ("inputs", "outputs", "response", "subscriber", "mode")
QUALITIES = ("value", "href", "mediaType", "type", "encoding", "format", "schema", "bbox", "crs", "transmissionMode")
KNOWN_TEXTS = ("raw", "document", "value", "reference", "base64", "text/plain", "Point", "Feature", "http://[", "é")
LIST_PARAMETERS = ("limit", "offset", "cursor", "type", "processID", "status", "datetime", "minDuration", "maxDuration")
BY_ID = ("/processes/{processID}", "/jobs/{jobID}", "/jobs/{jobID}/results", "/jobs/{jobID}/results/{outputID}")
HEADERS = ("Accept", "Prefer", "Accept-Language", "Accept-Encoding", "If-None-Match", "Range", "X-Forwarded-Host")
EXCEPTION = Draft4Validator(
    {
        "type": "object",
        "required": ["type"],
        "properties": {
            **{name: {"type": "string"} for name in ("type", "title", "detail", "instance")},
            "status": {"type": "integer"},
        },
    }
)
"""exception.yaml of version 1.0"""

texts = st.text(max_size=12) | st.sampled_from((*MEMBERS, *QUALITIES, *KNOWN_TEXTS))
numbers = st.integers() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | texts
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
wrapped = st.dictionaries(st.sampled_from(QUALITIES), anything, min_size=1, max_size=4)
header_values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40)
bounded = settings(max_examples=80, deadline=None, database=None)


@cache
def requests_for(inputs: tuple[str, ...], outputs: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Bodies of which most come as far as the values of the process's own inputs."""
    members = {
        "inputs": st.dictionaries(st.sampled_from(inputs) | texts, anything | wrapped, max_size=5) | anything,
        "outputs": st.dictionaries(st.sampled_from(outputs) | texts, anything | wrapped, max_size=3) | anything,
        "response": st.sampled_from(("raw", "document")) | anything,
        "subscriber": st.dictionaries(texts | st.just("successUri"), anything, max_size=3) | anything,
    }
    likely = {"inputs": st.dictionaries(st.sampled_from(inputs), anything | wrapped, min_size=1, max_size=5)}
    return anything | st.fixed_dictionaries({}, optional=members) | st.fixed_dictionaries(likely)


def check(definition: dict[str, Any], path: str, method: str, response: httpx.Response) -> None:
    documented = definition["paths"][path][method]["responses"]
    assert str(response.status_code) in documented, response.text
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        check_problem(response)


def check_problem(response: httpx.Response) -> None:
    assert response.headers["content-type"] in ("application/problem+json", "application/json")
    problem = response.json()
    EXCEPTION.validate(problem)
    assert problem["status"] == response.status_code


def execute(client: Client, process: str, body: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return client.post(f"/processes/{process}/execution", content=body, headers=headers)


@pytest.mark.parametrize("process", SHIPPED)
def test_any_json_gets_a_documented_answer(hasty_client: Client, definition: dict[str, Any], process: str) -> None:
    description = hasty_client.get(f"/processes/{process}").json()

    @bounded
    @given(body=requests_for(tuple(description["inputs"]), tuple(description["outputs"])))
    def is_answered(body: Any) -> None:
        response = execute(hasty_client, process, json.dumps(body).encode())
        check(definition, f"/processes/{process}/execution", "post", response)

    is_answered()


@bounded
@given(body=st.binary(max_size=40))
@example(b"\xff\xfe{\x00}\x00")
@example(b"\xef\xbb\xbf{}")
@example(b'{"inputs": {"message": "\\ud800"}}')
@example(b'{"inputs": {"message": "\xed\xa0\x80"}}')
@example(b'{"inputs": {"message": "x", "count": 1e400}}')
@example(b'{"inputs": {"message": "x", "count": ' + b"9" * 5000 + b"}}")
@example(b'{"inputs": {"message": "x", "mixed": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}}")
@example(b'{"inputs": {"message": "x", "numbers": ' + b"[" * 900 + b"]" * 900 + b"}}")
@example(b"[" * 100_000)
@example(b'{"inputs": {"message": "a\\u0000b"}}')
@example(b'{"inputs": {"message": "a", "message": "b"}}')
@example(b'{"inputs": {"message": {"value": {"value": {"value": "x"}}}}}')
def test_any_bytes_get_a_documented_answer(hasty_client: Client, definition: dict[str, Any], body: bytes) -> None:
    check(definition, "/processes/echo/execution", "post", execute(hasty_client, "echo", body))


@pytest.mark.parametrize("path", ["/processes", "/jobs"])
def test_any_query_of_a_list_gets_a_documented_answer(
    hasty_client: Client, definition: dict[str, Any], path: str
) -> None:
    values = st.text(max_size=20) | st.integers().map(str) | st.sampled_from(("..", "../", "2026-01-01T00:00:00Z/.."))
    names = st.sampled_from(LIST_PARAMETERS) | texts

    @bounded
    @given(query=st.lists(st.tuples(names, values), max_size=4))
    @example(query=[("limit", "²")])
    @example(query=[("limit", "10"), ("limit", "x")])
    @example(query=[("offset", "9" * 30)])
    @example(query=[("datetime", "0000-00-00T00:00:00Z")])
    @example(query=[("datetime", "9999-12-31T23:59:60+23:59/..")])
    @example(query=[("minDuration", "9" * 30), ("maxDuration", "-1")])
    @example(query=[("status", "running,,failed"), ("processID", "\x00")])
    def is_answered(query: list[tuple[str, str]]) -> None:
        check(definition, path, "get", hasty_client.get(path, params=query))

    is_answered()


@bounded
@given(text=st.text(min_size=1, max_size=20).filter(lambda text: text.strip(".")))
@example(text="\x00")
@example(text="*")
@example(text="{job}:x")
@example(text="a/b")
def test_any_id_gets_a_documented_answer(hasty_client: Client, definition: dict[str, Any], text: str) -> None:
    segment = quote(text, safe="")
    for path in BY_ID:
        url = path.replace("{processID}", segment).replace("{jobID}", segment).replace("{outputID}", segment)
        check(definition, path, "get", hasty_client.get(url))
    check(definition, "/jobs/{jobID}", "delete", hasty_client.delete(f"/jobs/{segment}"))


@bounded
@given(headers=st.dictionaries(st.sampled_from(HEADERS), header_values, max_size=4))
@example(headers={"Prefer": "wait=" + "9" * 400})
@example(headers={"Prefer": 'respond-async; "\\'})
@example(headers={"Prefer": "wait=\xb2"})
@example(headers={"Accept": ";q=x,,*/;q=2"})
@example(headers={"Range": "bytes=9-1,-0"})
def test_any_header_gets_a_documented_answer(
    hasty_client: Client, definition: dict[str, Any], headers: dict[str, str]
) -> None:
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    for path in ("/", "/conformance", "/processes", "/processes/echo", "/jobs"):
        template = "/processes/{processID}" if path.endswith("echo") else path
        check(definition, template, "get", hasty_client.get(path, headers=sent))
    response = hasty_client.post("/processes/echo/execution", json={"inputs": {"message": "x"}}, headers=sent)
    check(definition, "/processes/echo/execution", "post", response)
