"""The JSON Schema of description files: it admits what the server takes, and shows what is wrong while one writes."""

import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from serving import ROOT, Client

from fastprocesses_server.processes.description_file import DescriptionFile
from fastprocesses_server.processes.document import read_document
from fastprocesses_server.processes.file_schema import file_schema
from fastprocesses_server.processes.yaml_reader import read_yaml

WRONG_FILES = runpy.run_path(str(ROOT / "tests" / "processes" / "test_wrong_description_files.py"))
GOOD, MEMBERS = WRONG_FILES["GOOD"], WRONG_FILES["MEMBERS"]
VALIDATOR = Draft7Validator(file_schema())
FILES = sorted(
    path
    for folder in ("processes.d", "tests/published", "tests/chaos/chaotic", "tests/conformance/published")
    for path in (ROOT / folder).iterdir()
    if path.suffix in {".yaml", ".json"}
)
NEEDS_MORE_THAN_A_SCHEMA = (
    "limit must be below",
    "has no input",
    "has no output",
    "cannot be read",
    "there is no package",
    'as "x" has no annotation',
    "maxOccurs is below",
    "is no keyword",
    'is not a "regex"',
    "is not bundled",
    "refers to nothing",
    "the default does not fit",
)


def wrong(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(read_yaml(text).data)]


def members(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    parts = {"": schema, **schema["definitions"]}
    for part, one in parts.items():
        if part != "Schema":
            yield from ((f"{part}.{name}", member) for name, member in one.get("properties", {}).items())


def test_it_is_a_schema_of_draft_07() -> None:
    Draft7Validator.check_schema(file_schema())
    assert file_schema()["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_it_describes_every_member() -> None:
    assert set(file_schema()["properties"]) == {str(field.alias) for field in DescriptionFile.model_fields.values()}
    assert [name for name, member in members(file_schema()) if not member.get("description")] == []
    run = file_schema()["definitions"]["Run"]["properties"]
    assert run["attempts"] == {
        "title": "attempts",
        "description": "Starts in all, whatever ended the earlier ones; 1: never run twice.",
        "type": "integer",
        "minimum": 1,
        "default": 3,
    }
    assert run["timeLimit"] == {
        "title": "timeLimit",
        "description": "How long one attempt may take.",
        "allOf": [{"$ref": "#/definitions/TimeLimit"}],
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_that_are_published_fit(path: Path) -> None:
    assert list(VALIDATOR.iter_errors(read_document(path).data)) == []


@pytest.mark.parametrize(("text", "expected"), [(text, expected) for text, expected, _ in MEMBERS])
def test_wrong_members_are_seen_as_far_as_a_schema_can_tell(text: str, expected: str) -> None:
    if any(words in expected for words in NEEDS_MORE_THAN_A_SCHEMA):
        assert wrong(text) == []
    else:
        assert wrong(text)


@pytest.mark.parametrize(
    "text",
    [
        "version: 1.10",
        "title:",
        "metadata: {provider: City}",
        "run: {timeLimit: {soft: 90, hard: 2.5 h}, memoryLimit: 500000}",
        "results: {cache: off, keep: 7d, maxSize: 500MiB}",
        "results: {cache: false}",
        "inputs: {x: {schema: {type: number, minimum: 0, exclusiveMinimum: true, nullable: true, x-unit: m}}}",
        "inputs: {x: {schema: {type: [integer, 'null'], exclusiveMinimum: 0}, maxOccurs: unbounded}}",
        "inputs: {x: {schema: {format: http://www.opengis.net/def/format/ogcapi-processes/0/ogc-bbox}}}",
        "outputs: {y: {}}",
        "$schema: http://localhost:8000/schemas/description-file.json",
    ],
)
def test_all_ways_to_write_a_member_fit(text: str) -> None:
    assert wrong(f"callable: a.b\n{text}\n") == []
    DescriptionFile.model_validate(read_yaml(f"callable: a.b\n{text}\n").data, by_alias=True, by_name=False)


@pytest.mark.parametrize(
    "text", ["run: {memoryLimit: 2 GiBs}", "results: {keep: soon}", "results: {cache: true}", "run: {retryDelay: 0}"]
)
def test_durations_and_sizes_have_units(text: str) -> None:
    assert wrong(GOOD + text)


def test_the_command_prints_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fastprocesses_server", "schema"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == file_schema()


def test_the_server_publishes_it(client: Client) -> None:
    response = client.get("/schemas/description-file.json")
    assert response.json() == file_schema()
    assert response.headers["content-type"] == "application/schema+json"
    assert response.headers["cache-control"] == "max-age=3600"
    again = client.get("/schemas/description-file.json", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
