"""The example execute request of the standard runs against a process that declares its example description."""

import base64
import json
from typing import Any

import pytest
from answers import document_of
from listening import Listener
from serving import Client
from standard_schemas import EXAMPLES, RELAXED, assert_fits

pytestmark = pytest.mark.skipif(not EXAMPLES.exists(), reason="no ../shared/ogc/examples beside this checkout")

TIFF = "application/tiff; application=geotiff"


def repaired(request: dict[str, Any], image_url: str) -> dict[str, Any]:
    """The example asks for an output that its process lacks, breaks some of its schemas, and was shortened."""
    inputs, outputs = request["inputs"], dict(request["outputs"])
    outputs["imagesOutput"] = outputs.pop("imageOutput")
    measure = {"value": 10.3, **inputs["measureInput"]["value"]}
    by_reference, inline = inputs["imagesInput"]
    images = [{**by_reference, "href": image_url}, {**inline, "value": base64.b64encode(b"\x00\xff").decode()}]
    properties = {**inputs["complexObjectInput"]["value"], "property2": "https://example.org/value2"}
    features = {**inputs["featureCollectionInput"], "value": "<FeatureCollection/>"}
    changed = {
        "measureInput": {"value": measure},
        "complexObjectInput": {"value": properties},
        "dateInput": inputs["dateInput"] + "Z",
        "imagesInput": images,
        "featureCollectionInput": features,
    }
    return {**request, "inputs": {**inputs, **changed}, "outputs": outputs}


@pytest.fixture
def request_of_the_standard(listener: Listener) -> dict[str, Any]:
    example = json.loads((EXAMPLES / "Execute.json").read_text(encoding="utf-8"))
    request = repaired(example, listener.page("/image", TIFF, b"II*\x00"))
    assert_fits(request, "execute.yaml", RELAXED)
    return request


def test_the_example_description_is_published_as_the_closed_schema_has_it(client: Client) -> None:
    document = document_of(client.get("/processes/EchoProcess"), "process.yaml")
    example = json.loads((EXAMPLES / "ProcessDescription.json").read_text(encoding="utf-8"))
    for member in ("inputs", "outputs"):
        assert list(document[member]) == list(example[member])


@pytest.mark.parametrize("prefer", ["", "respond-async"])
def test_the_example_request_runs(client: Client, request_of_the_standard: dict[str, Any], prefer: str) -> None:
    headers = {"Prefer": prefer} if prefer else {}
    response = client.post("/processes/EchoProcess/execution", json=request_of_the_standard, headers=headers)
    if prefer:
        job_id = response.json()["jobID"]
        assert client.finished(job_id)["status"] == "successful"
        response = client.get(f"/jobs/{job_id}/results")
    assert response.status_code == 200, response.text
    results = response.json()
    assert_fits(results, "results.yaml", RELAXED)
    assert results.keys() == request_of_the_standard["outputs"].keys()
    inputs = request_of_the_standard["inputs"]
    for name in ("string", "date", "double", "array"):
        assert results[f"{name}Output"] == inputs[f"{name}Input"]
    for name in ("measure", "complexObject"):
        assert results[f"{name}Output"]["value"] == inputs[f"{name}Input"]["value"]
    assert results["geometryOutput"]["value"] == inputs["geometryInput"][-1]["value"]
    assert results["featureCollectionOutput"]["value"] == inputs["featureCollectionInput"]["value"]
    assert results["imagesOutput"]["mediaType"] == TIFF


def test_the_example_request_as_it_stands_is_refused_with_its_faults(client: Client) -> None:
    example = json.loads((EXAMPLES / "Execute.json").read_text(encoding="utf-8"))
    response = client.post("/processes/EchoProcess/execution", json=example)
    assert response.status_code == 400
    for fault in ("$.outputs.imageOutput", "$.inputs.measureInput", "$.inputs.dateInput", "$.inputs.imagesInput"):
        assert fault in response.json()["detail"]
