"""Class ogc-process-description: what descriptions say of inputs and outputs."""

import base64
from typing import Any

import pytest
from answers import document_of, problem_of
from fulfilment import fulfils
from serving import Client
from standard_schemas import assert_fits

OGC_FORMAT = "http://www.opengis.net/def/format/ogcapi-processes/0/"
POINT = {"type": "Point", "coordinates": [1.5, 2]}
BOX = {"bbox": [1, 2, 3, 4]}


def descriptions(client: Client) -> list[dict[str, Any]]:
    processes = client.get("/processes?limit=10000").json()["processes"]
    return [document_of(client.get(f"/processes/{process['id']}"), "process.yaml") for process in processes]


def received(client: Client, **inputs: Any) -> Any:
    response = client.execute("receive", inputs)
    assert response.status_code == 200, response.text
    return response.json()


@fulfils("/req/ogc-process-description/json-encoding")
def test_descriptions_are_of_the_standard_s_form(client: Client) -> None:
    for document in descriptions(client):
        assert document.keys() >= {"id", "version", "jobControlOptions", "outputTransmission"}
        assert not document.keys() & {"callable", "run", "results", "access", "examples"}


@fulfils("/req/ogc-process-description/inputs-def", "/req/ogc-process-description/input-def")
def test_every_input_has_a_schema_of_the_closed_kind(client: Client) -> None:
    for document in descriptions(client):
        assert isinstance(document["inputs"], dict)
        for described in document["inputs"].values():
            assert described["schema"]
            assert_fits(described, "inputDescription.yaml")
            assert_fits(described["schema"], "schema.yaml")


@fulfils("/req/ogc-process-description/outputs-def", "/req/ogc-process-description/output-def")
def test_every_output_has_a_schema_of_the_closed_kind(client: Client) -> None:
    for document in descriptions(client):
        assert isinstance(document["outputs"], dict)
        for described in document["outputs"].values():
            assert described["schema"]
            assert_fits(described, "outputDescription.yaml")
            assert_fits(described["schema"], "schema.yaml")


@fulfils("/req/ogc-process-description/input-def")
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("text", "short", "more than twenty characters"),
        ("number", 100, 101),
        ("moment", "2026-11-22T12:00:00Z", "noon"),
        ("measure", {"value": {"amount": 1}}, {"value": {"unit": "m"}}),
    ],
)
def test_inputs_are_checked_by_their_schemas(client: Client, name: str, good: Any, bad: Any) -> None:
    received(client, **{name: good})
    assert name in problem_of(client.execute("receive", {name: bad}), 400)["detail"]


@fulfils("/req/ogc-process-description/input-mixed-type")
def test_an_input_of_several_types_is_described_by_one_of(client: Client) -> None:
    schema = client.get("/processes/receive").json()["inputs"]["shape"]["schema"]
    assert schema["oneOf"][0]["contentMediaType"] == "application/gml+xml; version=3.2"
    assert received(client, shape="<gml:Point/>") == {"shape": "<gml:Point/>"}


@fulfils("/req/ogc-process-description/input-binary")
def test_binary_inputs_are_strings_of_bytes(client: Client) -> None:
    schema = client.get("/processes/receive").json()["inputs"]["bytes"]["schema"]
    assert (schema["type"], schema["format"]) == ("string", "byte")
    sent = base64.b64encode(b"\x00\xff").decode()
    assert received(client, bytes=sent) == {"bytes": {"base64": sent}}


@fulfils("/req/ogc-process-description/output-mixed-type")
def test_the_first_of_several_output_types_is_the_default(client: Client) -> None:
    members = client.get("/processes/echo-binary").json()["outputs"]["image"]["schema"]["oneOf"]
    types = [member["contentMediaType"] for member in members]
    image = base64.b64encode(b"\x89PNG").decode()
    assert client.execute("echo-binary", {"image": image}).headers["content-type"] == types[0]
    for media_type in types:
        asked = {"image": {"format": {"mediaType": media_type}}}
        assert client.execute("echo-binary", {"image": image}, outputs=asked).headers["content-type"] == media_type
    problem_of(
        client.execute("echo-binary", {"image": image}, outputs={"image": {"format": {"mediaType": "a/b"}}}), 400
    )


@fulfils("/rec/ogc-process-description/format-key", "/rec/ogc-process-description/format-short-code")
@pytest.mark.parametrize("spelling", ["short", "uri"])
def test_formats_of_ogc_are_published_and_checked_in_both_spellings(client: Client, spelling: str) -> None:
    inputs = client.get("/processes/receive").json()["inputs"]
    for name, code in (("box", "ogc-bbox"), ("place", "geojson-geometry")):
        said = inputs[f"{name}-{spelling}"]["schema"]["format"]
        assert said == (code if spelling == "short" else OGC_FORMAT + code)
    box, place = f"box-{spelling}", f"place-{spelling}"
    assert received(client, **{box: BOX, place: {"value": POINT}}) == {box: BOX, place: POINT}
    problem_of(client.execute("receive", {box: {"bbox": [1, 2, 3]}}), 400)
    problem_of(client.execute("receive", {place: {"value": {"type": "Circle"}}}), 400)
