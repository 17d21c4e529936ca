"""What problems repeat of a request: enough to find a slip, and no more."""

from typing import Any

import pytest
from asking import app_of, ask
from serving import Client

from fastprocesses_server.errors import LONGEST_ECHO, NoSuchJob, echo

LONG = "x" * 10_000
MOST_BYTES = 5 * LONGEST_ECHO


def test_short_texts_are_repeated_whole_and_long_ones_cut() -> None:
    assert echo("x" * LONGEST_ECHO) == "x" * LONGEST_ECHO
    assert echo(LONG) == "x" * LONGEST_ECHO + "…"
    assert NoSuchJob("There is none.").document(LONG)["instance"] == echo(LONG)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", f"/processes/{LONG}", {}),
        ("POST", f"/processes/{LONG}/execution", {}),
        ("POST", f"/processes/{LONG}/validation", {}),
        ("GET", f"/processes/{'a%20' * 2000}", {}),
        ("GET", f"/jobs/{LONG}", {}),
        ("DELETE", f"/jobs/{LONG}", {}),
        ("GET", f"/jobs/{LONG}/results", {}),
        ("GET", f"/jobs/{LONG}/results/{LONG}", {}),
        ("GET", f"/jobs/{LONG}/logs", {}),
        ("GET", f"/jobs/{LONG}/events", {}),
        ("GET", f"/{LONG}", {}),
        ("GET", f"/static/{LONG}", {}),
        ("PUT", "/jobs/x", {}),
        (LONG, "/jobs/x", {}),
        ("DELETE", "/jobs/x", {"Origin": f"https://{LONG}"}),
        ("POST", "/processes/echo/execution", {"Origin": f"https://{LONG}", "Content-Type": "application/json"}),
        ("POST", "/processes/echo/execution", {"Content-Type": f"text/{LONG}"}),
        ("GET", "/processes", {"Accept": f"text/{LONG}"}),
        ("GET", "/processes", {"Host": f"{LONG}.example"}),
        ("GET", "/processes", {"Host": f"{'x' * 240}.example"}),
        ("GET", "/processes", {"X-Request-Id": LONG, "traceparent": LONG}),
    ],
)
def test_no_answer_repeats_a_long_text(method: str, path: str, headers: dict[str, str]) -> None:
    response = ask(app_of(), path, [*headers.items()], method=method, content=b"{}")
    assert len(response.content) < MOST_BYTES
    assert "x" * (LONGEST_ECHO + 50) not in response.text
    assert all(len(value) < MOST_BYTES for value in response.headers.values())


def test_an_output_that_is_not_there_is_named_in_short(client: Client) -> None:
    job_id = client.submit("echo", {"message": "hi"})
    client.finished(job_id)
    response = client.get(f"/jobs/{job_id}/results/{LONG}")
    problem: dict[str, Any] = response.json()
    assert response.status_code == 404
    assert problem["detail"] == f"Job {job_id} has no output {echo(LONG)}"
    assert len(problem["instance"]) == LONGEST_ECHO + 1
