"""Results at their URLs: single ones, some of them, parts of them; and what is kept of a job beside them."""

import base64
from pathlib import Path

import pytest
from serving import Client

IMAGE = base64.b64encode(b"\xff\xd8\xff an image").decode()


@pytest.fixture(params=[1000, 300_000], ids=["a value", "a file"])
def filled(client: Client, request: pytest.FixtureRequest) -> tuple[str, bytes]:
    """The URL of an output and its content."""
    job_id = client.submit("fill", {"size": request.param})
    client.finished(job_id)
    return f"/jobs/{job_id}/results/filling", b"\x00\xff" * (request.param // 2)


def test_an_output_has_a_tag_that_saves_its_transfer(client: Client, filled: tuple[str, bytes]) -> None:
    url, content = filled
    first = client.get(url)
    assert first.content == content
    assert first.headers["content-type"] == "application/octet-stream"
    again = client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "piece"),
    [("bytes=10-19", slice(10, 20)), ("bytes=990-", slice(990, None)), ("bytes=-5", slice(-5, None))],
)
def test_a_range_of_an_output_can_be_fetched(
    client: Client, filled: tuple[str, bytes], asked: str, piece: slice
) -> None:
    url, content = filled
    response = client.get(url, headers={"Range": asked})
    assert response.status_code == 206
    assert response.content == content[piece]
    assert response.headers["content-range"].endswith(f"/{len(content)}")
    changed = client.get(url, headers={"Range": asked, "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, len(content))


def test_a_range_beyond_the_end_is_told(client: Client, filled: tuple[str, bytes]) -> None:
    assert client.get(filled[0], headers={"Range": "bytes=9999999-"}).status_code == 416


def test_some_of_the_outputs_can_be_asked_for(client: Client) -> None:
    job_id = client.submit("echo", {"message": "a", "count": 2, "flag": True}, response="document")
    client.finished(job_id)
    url = f"/jobs/{job_id}/results"
    assert client.get(url).json() == {"message": "a", "count": 2, "flag": True}
    assert client.get(f"{url}?outputs=flag,message").json() == {"flag": True, "message": "a"}
    refused = client.get(f"{url}?outputs=flag,mesage")
    assert refused.status_code == 400
    assert 'did you mean "message"?' in refused.json()["detail"]


def test_the_media_type_that_was_asked_for_is_said(client: Client) -> None:
    asked = {"image": {"format": {"mediaType": "image/jpeg"}}}
    assert client.execute("echo-binary", {"image": IMAGE}, outputs=asked).headers["content-type"] == "image/jpeg"
    job_id = client.submit("echo-binary", {"image": IMAGE}, outputs=asked)
    client.finished(job_id)
    assert client.get(f"/jobs/{job_id}/results").headers["content-type"] == "image/jpeg"
    assert client.get(f"/jobs/{job_id}/results/image").headers["content-type"] == "image/jpeg"
    response = client.execute(
        "echo-binary", {"image": IMAGE}, outputs={"image": {"format": {"mediaType": "image/gif"}}}
    )
    assert response.status_code == 400
    assert "image/png, image/jpeg" in response.json()["detail"]


def test_mixed_transmission_gives_empty_parts_with_a_place(client: Client) -> None:
    outputs = {"message": {"transmissionMode": "reference"}, "count": {}}
    response = client.execute("echo", {"message": "far", "count": 2}, outputs=outputs)
    assert response.status_code == 200
    head, _, rest = response.text.partition("\r\n\r\n")
    place = next(line for line in head.splitlines() if line.startswith("Content-Location: ")).split(" ")[1]
    assert rest.startswith("\r\n--")
    assert client.get(place).text == "far"


def test_the_inputs_and_the_definition_of_a_job_are_kept(client: Client) -> None:
    job_id = client.submit("echo", {"message": "a"}, outputs={"message": {}}, response="document")
    assert client.get(f"/jobs/{job_id}/inputs").json() == {"message": "a", "pause": 0}
    definition = client.get(f"/jobs/{job_id}/definition").json()
    assert definition["process"].endswith("/processes/echo")
    assert definition["version"] == "1.0.0"
    assert len(definition["fingerprint"]) == 64
    client.finished(job_id)
    ran = client.get(f"/jobs/{job_id}/definition").json()["ran"]
    assert ran == {"version": "1.0.0", "fingerprint": definition["fingerprint"]}
    assert definition["response"] == "document"
    assert definition["outputs"] == {"message": {"transmissionMode": "value"}}
    assert client.get("/jobs/nope/inputs").status_code == client.get("/jobs/nope/definition").status_code == 404


def test_a_dry_run_says_what_would_happen(client: Client, tmp_path: Path) -> None:
    request = {"inputs": {"counter": str(tmp_path / "counter")}}
    dry = client.post("/processes/counted/validation", json=request)
    assert dry.status_code == 200
    assert (dry.json()["mode"], dry.json()["cached"]) == ("sync-execute", False)
    assert dry.json()["inputs"] == request["inputs"]
    assert not (tmp_path / "counter").exists()
    client.execute("counted", request["inputs"])
    again = client.post("/processes/counted/validation", json=request, headers={"Prefer": "respond-async"}).json()
    assert (again["mode"], again["cached"]) == ("async-execute", True)
    refused = client.post("/processes/counted/validation", json={"inputs": {"counter": 1}})
    assert refused.status_code == 400
    assert refused.json() == {
        **client.post("/processes/counted/execution", json={"inputs": {"counter": 1}}).json(),
        "instance": "/processes/counted/validation",
    }


def test_a_large_text_in_a_document_is_escaped_piece_by_piece(client: Client) -> None:
    text = 'ümläut "quoted" \\ and\nnew lines \U0001f600 ' * 30_000
    response = client.execute("echo", {"message": text}, outputs={"message": {}}, response="document")
    assert response.json() == {"message": text}
    assert client.execute("echo", {"message": text}, outputs={"message": {}}).text == text


def test_who_first_hears_of_success_can_read_the_result(client: Client) -> None:
    job_id, size = client.submit("fill", {"size": 5_000_000}), 5_000_000
    while client.status(job_id)["status"] != "successful":
        pass
    assert len(client.get(f"/jobs/{job_id}/results").content) == size
