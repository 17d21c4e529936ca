"""Sync and async execution: modes, inputs, results."""

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from pathlib import Path

import pytest
from serving import Client, Server, is_running, wait_until

IMAGE = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


def parts_of(content_type: str, body: bytes) -> dict[str, bytes]:
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    assert message.is_multipart()
    return {str(part["Content-ID"]).strip("<>"): part.get_payload(decode=True) or b"" for part in message.get_payload()}  # type: ignore[union-attr,misc]


def test_one_raw_output_is_itself(client: Client) -> None:
    response = client.execute("simple_process", {"input_text": "hello"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain"
    assert response.text == "HELLO"
    assert "link" not in response.headers


def test_a_document_names_its_outputs(client: Client) -> None:
    response = client.execute("simple_process", {"input_text": "hello"}, response="document")
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"output_text": "HELLO"}


def test_several_raw_outputs_are_parts(client: Client) -> None:
    response = client.execute("echo", {"message": "hi", "count": 3, "mixed": {"value": {"a": 1}}})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("multipart/related")
    assert response.content.startswith(b"--")
    parts = parts_of(response.headers["content-type"], response.content)
    assert parts == {"message": b"hi", "count": b"3", "mixed": b'{"a":1}'}


def test_falsy_outputs_are_outputs(client: Client) -> None:
    inputs = {"message": "", "count": 0, "flag": False, "numbers": [], "mixed": {"value": {}}}
    document = client.execute("echo", inputs, response="document").json()
    assert (document["message"], document["count"], document["flag"], document["numbers"]) == ("", 0, False, [])
    assert document["mixed"]["value"] == {}


def test_nulls_within_outputs_stay_and_outputs_without_value_are_left_out(client: Client) -> None:
    document = client.execute("later", {"text": "x"}, response="document").json()
    assert document["list"] == [1, None, "two"]
    assert "nothing" not in document


def test_a_choice_of_outputs_is_kept(client: Client) -> None:
    response = client.execute("echo", {"message": "hi", "count": 3}, outputs={"count": {}})
    assert response.text == "3"
    assert client.execute("echo", {"message": "hi"}, outputs={}, response="document").json() == {"message": "hi"}


def test_references_lead_to_the_outputs(client: Client) -> None:
    by_reference = {"transmissionMode": "reference"}
    response = client.execute("echo", {"message": "hi", "count": 3}, outputs={"count": by_reference})
    assert response.status_code == 204
    assert not response.content
    assert client.get(response.links["item"]["url"]).text == "3"

    document = client.execute(
        "echo", {"message": "hi", "count": 3}, outputs={"count": by_reference, "message": {}}, response="document"
    ).json()
    assert document["message"] == "hi"
    assert client.get(document["count"]["href"]).text == "3"


def test_binary_goes_in_and_out(client: Client) -> None:
    for sent in (
        IMAGE,
        {"value": IMAGE, "mediaType": "image/png"},
        {"value": IMAGE, "format": {"mediaType": "image/png"}},
    ):
        response = client.execute("echo-binary", {"image": sent})
        assert response.headers["content-type"] == "image/png"
        assert response.content == base64.b64decode(IMAGE)
    document = client.execute("echo-binary", {"image": IMAGE}, response="document").json()
    assert document["image"] == {"value": IMAGE, "mediaType": "image/png", "encoding": "base64"}


@pytest.mark.parametrize("how", ["bytes", "path"])
def test_large_outputs_are_files_and_arrive_whole(client: Client, server: Server, how: str) -> None:
    expected = b"\x00\xff" * 500_000
    raw = client.execute("fill", {"size": 1_000_000, "how": how})
    assert raw.headers["content-length"] == "1000000"
    assert raw.content == expected
    document = client.execute("fill", {"size": 1_000_000, "how": how}, response="document")
    assert base64.b64decode(document.json()["filling"]["value"]) == expected
    job_id = client.submit("fill", {"size": 1_000_000, "how": how})
    client.finished(job_id)
    assert client.get(f"/jobs/{job_id}/results").content == expected
    assert (server.state / "results" / "jobs" / job_id).is_dir()


def test_a_workdir_is_removed_after_the_run(client: Client, server: Server) -> None:
    client.execute("fill", {"size": 200_002, "how": "path"})
    assert not list((server.state / "results" / "work").iterdir())


def test_async_functions_run(client: Client) -> None:
    response = client.execute("later", {"text": "x"}, outputs={"text": {}})
    assert response.text == "x"


def test_html_results_are_never_run_by_a_browser(client: Client) -> None:
    response = client.execute("later", {"text": "x"}, outputs={"page": {}})
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("process", "prefer", "status", "applied"),
    [
        ("sleep", "", 200, None),
        ("sleep", "respond-async", 201, "respond-async"),
        ("sleep", "Respond-Async ; profile=x", 201, "respond-async"),
        ("sleep", "respond-sync", 200, None),
        ("sleep", "foo, respond-async", 201, "respond-async"),
        ("sleep", "wait=30", 200, "wait=30"),
        ("sleep", "respond-async, wait=30", 200, "wait=30"),
        ("sync-only", "respond-async", 200, None),
        ("async-only", "", 201, None),
        ("async-only", "respond-async", 201, "respond-async"),
    ],
)
def test_the_mode_is_negotiated(client: Client, process: str, prefer: str, status: int, applied: str | None) -> None:
    response = client.execute(process, {"seconds": 0}, prefer)
    assert response.status_code == status
    assert response.headers.get("preference-applied") == applied


def test_a_wait_that_is_over_leads_to_a_job_that_goes_on(client: Client) -> None:
    response = client.execute("sleep", {"seconds": 2}, "wait=1", response="document")
    assert response.status_code == 201
    job_id = response.json()["jobID"]
    assert response.headers["location"].endswith(f"/jobs/{job_id}")
    assert client.finished(job_id)["status"] == "successful"
    assert client.get(f"/jobs/{job_id}/results").json() == {"slept": 2}


def test_a_sync_run_leaves_no_public_job(client: Client) -> None:
    before = client.get("/jobs?limit=1000").json()["jobs"]
    client.execute("sleep", {"seconds": 0})
    assert len(client.get("/jobs?limit=1000").json()["jobs"]) == len(before)


def test_sync_runs_block_nobody(client: Client, server: Server) -> None:
    with Client(base_url=server.url, timeout=60) as other:
        job_id = other.submit("sleep", {"seconds": 1})
        started = time.monotonic()
        assert client.execute("sleep", {"seconds": 0}).status_code == 200
        assert other.status(job_id)["status"] in ("accepted", "running")
        assert time.monotonic() - started < 60
        other.finished(job_id)


def test_a_client_that_goes_away_ends_its_run(client: Client, server: Server, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with Client(base_url=server.url, timeout=1) as impatient, pytest.raises(Exception, match="timed out"):
        impatient.execute("stubborn", {"pids": str(pids)})
    wait_until(lambda: not any(map(is_running, pids.read_text().split())), 10)


def test_a_cached_process_runs_once_for_equal_inputs(client: Client, tmp_path: Path) -> None:
    counter = {"counter": str(tmp_path / "counter")}
    first = client.execute("counted", counter)
    again = client.execute("counted", counter)
    assert first.content == again.content == b"1"
    document = client.execute("counted", counter, response="document")
    assert document.json() == {"runs": 1}
    job_id = client.submit("counted", counter)
    status = client.status(job_id)
    assert status["status"] == "successful"
    assert client.get(f"/jobs/{job_id}/results").content == b"1"
    by_reference = client.execute("counted", counter, outputs={"runs": {"transmissionMode": "reference"}})
    assert client.get(by_reference.links["item"]["url"]).content == b"1"


def test_a_cache_entry_ends_with_its_time(client: Client, tmp_path: Path) -> None:
    counter = {"counter": str(tmp_path / "counter")}
    assert client.execute("brief-cache", counter).text == "1"
    wait_until(lambda: client.execute("brief-cache", counter).text == "2", 10)


def test_processes_do_not_share_cached_outputs(client: Client, tmp_path: Path) -> None:
    counter = {"counter": str(tmp_path / "counter")}
    assert client.execute("counted", counter).text == "1"
    assert client.execute("brief-cache", counter).text == "2"


def test_what_is_cached_outlives_its_job(client: Client) -> None:
    job_id = client.submit("fill", {"size": 300_000})
    client.finished(job_id)
    client.delete(f"/jobs/{job_id}")
    assert client.execute("fill", {"size": 300_000}).content == b"\x00\xff" * 150_000


def test_the_geospatial_process_covers_its_districts(client: Client) -> None:
    request = {"outputs": {"districts": {}}}
    near = client.execute("service-coverage", {"distance": 300}, **request)
    far = client.execute("service-coverage", {"distance": 900}, **request)
    assert near.headers["content-type"] == "application/geo+json"

    def shares(response: object) -> list[float]:
        return [feature["properties"]["covered_share"] for feature in response.json()["features"]]  # type: ignore[attr-defined]

    assert len(shares(near)) == 58
    assert all(0 <= small <= large <= 1 for small, large in zip(shares(near), shares(far), strict=True))


def test_requests_side_by_side_get_each_their_own_answer(client: Client) -> None:
    def ask(number: int) -> tuple[str, str]:
        text = f"number {number}"
        if number % 2:
            return text, client.execute("echo", {"message": text}, outputs={"message": {}}).text
        return text.upper(), client.execute("simple_process", {"input_text": text}).text

    with ThreadPoolExecutor(8) as pool:
        assert all(expected == answer for expected, answer in pool.map(ask, range(40)))
