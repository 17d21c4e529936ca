"""Processes whose description files have one line."""

import pytest
from serving import Client

from fastprocesses_server.types import CRS84

JOB = {"paint": {"colour": "red", "litres": 2}, "due": "2026-05-06"}
GIVEN = {"job": JOB, "box": {"bbox": [1, 2, 3, 4]}, "ident": "c0ffee00-0000-4000-8000-000000000000"}


def test_values_arrive_as_the_types_that_the_callable_is_written_for(client: Client) -> None:
    response = client.execute("typed-tell", {**GIVEN, "colours": ["blue", "red"], "file": {"value": "YQ=="}})
    assert response.json() == {
        "job": "Job",
        "paint": "Paint",
        "due": "date",
        "box": "BoundingBox",
        "ident": "UUID",
        "pause": "timedelta",
        "file": "PosixPath",
        "colours": ["BLUE", "RED"],
        "corner": [3, 4],
    }


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"job": {**JOB, "paint": {"colour": "green"}}}, "$.inputs.job.paint.colour"),
        ({"job": {**JOB, "due": "tomorrow"}}, "$.inputs.job.due"),
        ({"ident": "5"}, "$.inputs.ident"),
        ({"box": {"bbox": [1, 2, 3]}}, "$.inputs.box.bbox"),
        ({"colours": ["red", "red"]}, "$.inputs.colours"),
        ({"pause": "5 s"}, "$.inputs.pause"),
    ],
)
def test_what_does_not_fit_the_types_is_refused(client: Client, wrong: dict[str, object], path: str) -> None:
    response = client.execute("typed-tell", {**GIVEN, **wrong})
    assert response.status_code == 400, response.text
    assert path in [error["path"] for error in response.json()["errors"]]


def test_what_only_the_authors_code_can_tell_fails_the_run_and_says_why(client: Client) -> None:
    response = client.execute("typed-tell", {**GIVEN, "job": {**JOB, "paint": {"colour": "red", "litres": 1.5}}})
    assert response.status_code == 500
    assert response.json()["detail"] == (
        "The inputs do not fit the process: $.inputs.job.paint.litres: paint comes in whole litres"
    )


def test_returned_types_become_json_outputs(client: Client) -> None:
    document = client.execute("typed-answer", {"colour": "red"}, response="document").json()
    assert document == {
        "area": "1.50",
        "box": {"value": {"bbox": [1.0, 2.0, 3.0, 4.0], "crs": CRS84}, "mediaType": "application/json"},
        "due": "2026-01-02T03:04:05Z",
        "colour": "red",
    }


def test_parameters_by_position_and_geojson_types(client: Client) -> None:
    points = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": c}} for c in ([0, 0], [4, 2])
    ]
    response = client.execute(
        "typed-centroid", {"points": {"value": {"type": "FeatureCollection", "features": points}}}
    )
    assert response.json() == {"type": "Point", "coordinates": [2.0, 1.0]}
    assert response.headers["content-type"] == "application/geo+json"


def test_a_path_is_a_file_of_whatever_was_sent(client: Client) -> None:
    response = client.execute("typed-size", {"anything": {"value": {"a": 1}}, "text": {"value": "YWJj"}})
    assert response.json() == len('{"a":1}') + 3


def test_the_description_of_a_process_with_one_line_is_complete(client: Client) -> None:
    document = client.get("/processes/typed-answer").json()
    assert (document["title"], document["version"]) == ("Return what is not JSON by itself", "0.0.0")
    assert document["inputs"]["colour"]["schema"] == {
        "type": "string",
        "enum": ["red", "blue"],
        "default": "blue",
        "title": "Colour",
    }
    assert list(document["outputs"]) == ["area", "box", "due", "colour", "note"]


def test_what_returns_nothing_succeeds_without_outputs(client: Client) -> None:
    assert client.get("/processes/typed-forget").json()["outputs"] == {}
    assert client.execute("typed-forget", {"what": "a"}, response="document").json() == {}
    assert client.execute("typed-forget", {"what": "a"}).status_code == 204
    job = client.submit("typed-forget", {"what": "a"})
    assert client.finished(job)["status"] == "successful"
    assert client.get(f"/jobs/{job}/results").status_code == 204


def test_moments_and_names_that_json_has_no_types_for(client: Client) -> None:
    sizes = {"5": "PT1H30M", "7": "P1D"}
    given = {"day": "2026-05-06", "sizes": {"value": sizes}, "ident": "c0ffee00-0000-4000-8000-000000000000"}
    answer = client.execute("typed-moments", given).json()
    assert answer == {"moment": "2026-05-06T08:00:00", "longest": 7, "ident": "UUID"}
    for wrong in ({"day": "0000-01-01"}, {"sizes": {"value": {"five": "P1D"}}}, {"at": "24:00"}):
        assert client.execute("typed-moments", {**given, **wrong}).status_code == 400
