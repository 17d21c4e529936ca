"""Functions of libraries and modules in subfolders, over HTTP."""

from typing import Any

import pytest
from serving import Client

RUNS: list[tuple[str, dict[str, Any], Any]] = [
    ("library-quantiles", {"data": [1, 2, 3, 4, 5]}, [1.5, 3.0, 4.5]),
    ("library-quantiles", {"data": [1, 2, 3, 4, 5], "n": 2.0}, [3.0]),
    ("library-hls", {"b": 0, "g": 0, "r": 1}, [0.0, 0.5, 1.0]),
    ("library-comb", {"k": 2, "n": 5}, 10),
    ("library-wkt", {"geometry": "POINT (1 2)"}, {"type": "Point", "coordinates": [1.0, 2.0]}),
    ("library-diff", {"a": ["x"], "b": ["x", "y"]}, ["  x", "+ y"]),
    ("library-month", {"year": 2024, "month": 2}, [3, 29]),
    ("noise-level", {"source": "tram", "metres": 10}, 60.0),
]


@pytest.mark.parametrize(("process", "inputs", "expected"), RUNS)
def test_functions_that_were_not_written_for_this_run(
    client: Client, process: str, inputs: dict[str, Any], expected: Any
) -> None:
    response = client.execute(process, inputs)
    assert response.status_code == 200, response.text
    assert response.json() == expected


def test_parameters_that_a_callable_takes_by_any_name_are_sent(client: Client) -> None:
    given = {"text": "hello  wide world", "width": 11, "placeholder": "…"}
    assert client.execute("library-shorten", given).text == "hello wide…"


def test_a_class_of_a_library_needs_one_line(client: Client) -> None:
    sides = {"west_lon_degree": 1, "south_lat_degree": 2, "east_lon_degree": 3, "north_lat_degree": 4}
    assert client.execute("library-area", sides, response="document").json() == sides


def test_a_package_in_a_subfolder_runs_as_a_job(client: Client) -> None:
    job = client.submit("noise-level", {"source": "bicycle"})
    assert client.finished(job)["status"] == "successful"
    assert client.get(f"/jobs/{job}/results").json() == 40.0
    document = client.get("/processes/noise-level").json()
    assert document["title"] == "Say how loud something is from afar"
    assert document["inputs"]["metres"]["schema"] == {"type": "number", "default": 1}
