"""`/jobs/{jobID}/logs`: what a callable says, in whatever way, and progress from its bars."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import Client, Server, wait_until


def log(client: Client, job_id: str) -> list[dict[str, str]]:
    response = client.get(f"/jobs/{job_id}/logs")
    assert response.status_code == 200, response.text
    lines: list[dict[str, str]] = response.json()
    return lines


def texts(client: Client, job_id: str, source: str = "") -> list[str]:
    return [line["text"] for line in log(client, job_id) if source in ("", line["source"])]


def talk(client: Client, how: str, status: str = "successful") -> str:
    """The id of a job that has said something in that way."""
    job_id = client.submit("talk", {"how": how})
    document = client.finished(job_id)
    assert document["status"] == status, document
    return job_id


def test_what_is_printed_is_there_once_the_job_is_finished(client: Client) -> None:
    job_id = talk(client, "prints")
    lines = log(client, job_id)
    assert [line["text"] for line in lines] == ["printed", "in error", "half a line", "no newline at the end"]
    assert {line["source"] for line in lines} == {"output"}
    assert {line["level"] for line in lines} == {"INFO"}
    status = client.status(job_id)
    times = [status["started"], *(line["time"] for line in lines)]
    assert times == sorted(times)


def test_a_log_is_text_where_that_is_asked_for(client: Client) -> None:
    job_id = talk(client, "prints")
    first = log(client, job_id)[0]
    by_query = client.get(f"/jobs/{job_id}/logs?f=text")
    assert by_query.text.splitlines()[0] == f"{first['time']} INFO    printed"
    assert by_query.headers["content-type"] == "text/plain; charset=utf-8"
    assert by_query.headers["x-content-type-options"] == "nosniff"
    by_accept = client.get(f"/jobs/{job_id}/logs", headers={"Accept": "text/plain"})
    assert by_accept.content == by_query.content
    assert client.get(f"/jobs/{job_id}/logs?f=html").status_code == 400
    assert client.get(f"/jobs/{job_id}/logs", headers={"Accept": "image/png"}).status_code == 406


def test_the_status_info_links_to_the_log(client: Client) -> None:
    job_id = talk(client, "prints")
    (link,) = (link for link in client.status(job_id)["links"] if link["title"] == "Log of the job")
    assert (link["rel"], link["type"]) == ("related", "application/json")
    assert httpx.get(link["href"]).json() == log(client, job_id)


def test_logging_has_its_levels_and_keeps_its_place(client: Client) -> None:
    lines = log(client, talk(client, "logs"))
    assert [(line["level"], line["source"], line["text"]) for line in lines] == [
        ("INFO", "logging", "talkative: logged well"),
        ("INFO", "output", "between"),
        ("WARNING", "logging", "talkative: careful"),
        ("ERROR", "logging", "root: of the root"),
        ("ERROR", "logging", "in two lines"),
        ("INFO", "logging", "talkative: '%d' with ('no number',)"),
    ]


def test_handlers_of_the_author_write_as_they_like_and_nothing_is_said_twice(client: Client) -> None:
    assert texts(client, talk(client, "logs by a handler of its own")) == ["my own form: once"]


def test_loguru_is_heard_and_its_sinks_are_the_authors(lonely: Server) -> None:
    with Client(base_url=lonely.url, timeout=60) as client:
        job_id = talk(client, "logs by loguru")
        assert [(line["level"], line["source"], line["text"]) for line in log(client, job_id)] == [
            ("INFO", "logging", "talkative: by loguru"),
            ("WARNING", "logging", "talkative: two"),
            ("WARNING", "logging", "lines"),
            ("INFO", "output", "my own form: by a sink"),
        ]
    assert "by loguru" not in lonely.log()


def test_warnings_are_said_in_every_job(client: Client) -> None:
    for _ in range(2):
        (line,) = log(client, talk(client, "warns"))
        assert (line["level"], line["source"]) == ("WARNING", "warnings")
        assert line["text"].startswith("UserWarning: mind the gap (talkative.py:")


def test_c_code_and_child_processes_are_heard(client: Client) -> None:
    assert texts(client, talk(client, "says in c")) == ["written in C", "printed in C", "and 2 more"]
    assert texts(client, talk(client, "has children that speak")) == ["out", "err", "reopened", "python"]
    assert set(texts(client, talk(client, "forks"))) == {"one", "the copy"}


def test_the_context_writes_to_both_logs(client: Client, server: Server) -> None:
    job_id = talk(client, "uses the context")
    assert texts(client, job_id, "context") == ["by the context"]
    wait_until(lambda: f"job {job_id}: by the context" in server.log())


def test_what_is_said_is_not_in_the_log_of_the_server(client: Client, server: Server) -> None:
    talk(client, "prints")
    talk(client, "warns")
    client.execute("talk", {"how": "logs"})
    assert not any(said in server.log() for said in ("half a line", "mind the gap", "logged well"))


def test_the_log_of_the_server_is_not_in_that_of_the_job(client: Client) -> None:
    job_id = client.submit("report", {"percents": [250]})
    client.finished(job_id)
    assert log(client, job_id) == []


def test_the_last_thousand_lines_are_kept(client: Client) -> None:
    lines = texts(client, talk(client, "says 1200 lines"))
    assert lines == ["… 200 lines left out", *(f"line {number}" for number in range(200, 1200))]


def test_a_flood_is_counted(client: Client) -> None:
    lines = texts(client, talk(client, "says a hundred thousand lines"))
    assert (len(lines), lines[0], lines[-1]) == (1001, "… 99,000 lines left out", "line 99999")


def test_a_huge_line_is_cut(client: Client) -> None:
    huge, after = texts(client, talk(client, "says a huge line"))
    assert huge == "begin" + "x" * 994 + "…"
    assert after == "after"


def test_nothing_in_a_line_is_obeyed_by_a_terminal(client: Client) -> None:
    first, second, *_ = texts(client, talk(client, "says odd things"))
    assert first == "café \ufffd\ufffd red bell\\x07 tab   end"
    assert second == "right\\u202eleft, nul\\x00, mark"


def test_lines_are_seen_while_the_job_runs_and_after_it_was_dismissed(client: Client) -> None:
    job_id = client.submit("talk", {"how": "talks on"})
    wait_until(lambda: len(texts(client, job_id)) > 2)
    assert client.status(job_id)["status"] == "running"
    seen = len(texts(client, job_id))
    wait_until(lambda: len(texts(client, job_id)) > seen)
    client.delete(f"/jobs/{job_id}")
    assert client.status(job_id)["status"] == "dismissed"
    assert texts(client, job_id)[:2] == ["step 0", "step 1"]


def test_a_failed_job_has_a_log_without_its_traceback(client: Client) -> None:
    job_id = talk(client, "stops within a bar", "failed")
    (line,) = log(client, job_id)
    assert line["text"].startswith("stopping:  30%|")
    assert "hunter2" not in client.get(f"/jobs/{job_id}/logs?f=text").text


def test_what_was_said_before_a_process_was_killed_stays_with_every_attempt(client: Client) -> None:
    job_id = talk(client, "is killed", "failed")
    assert texts(client, job_id) == ["last words", "attempt 2 begins", "last words"]
    assert texts(client, job_id, "server") == ["attempt 2 begins"]


def test_a_full_pipe_never_stops_code_that_holds_the_interpreter(client: Client) -> None:
    assert texts(client, talk(client, "grips"))[-1].strip() == "gripped"


def test_the_outermost_bar_is_the_progress(client: Client) -> None:
    job_id = client.submit("talk", {"how": "draws bars"})
    wait_until(lambda: (client.status(job_id)["progress"], client.status(job_id).get("message")) == (50, "outer"))
    assert client.finished(job_id)["status"] == "successful"
    lines = texts(client, job_id)
    assert "half of it" in lines
    assert lines[-1].startswith("outer: 100%|")
    assert len(lines) <= 6  # a bar is no line for each time that it was drawn


def test_the_context_wins_over_a_bar(client: Client) -> None:
    job_id = client.submit("talk", {"how": "tells both"})
    wait_until(lambda: any("10/10" in text for text in texts(client, job_id)))
    assert client.status(job_id)["progress"] == 20
    assert client.finished(job_id)["message"] == "told"


@pytest.fixture
def lonely(published: Path, tmp_path: Path) -> Iterator[Server]:
    """With one process that runs all jobs, and which keeps synchronous ones."""
    server = Server(published, tmp_path / "state", {"FP_WORKER_CONCURRENCY": "1", "FP_KEEP_SYNC_JOBS": "true"})
    server.start()
    yield server
    assert server.stop() == 0


def test_what_a_callable_breaks_is_mended_for_the_next(lonely: Server) -> None:
    with Client(base_url=lonely.url, timeout=60) as client:
        assert texts(client, talk(client, "breaks its streams")) == ["before"]
        assert texts(client, talk(client, "wraps its streams")) == ["wrapped"]
        whole = ["printed", "in error", "half a line", "no newline at the end"]
        assert texts(client, talk(client, "prints")) == whole
        talk(client, "logs by loguru")
        job_id = talk(client, "prints")
        wait_until(lambda: f" INFO    job {job_id} successful [request_id=" in lonely.log())
        left = talk(client, "leaves somebody behind")
        assert texts(client, talk(client, "sleeps")) == ["slept"]
        assert set(texts(client, left)) == {"leaving", "left behind"}

        assert texts(client, talk(client, "leaves a thread behind")) == ["started"]
        assert texts(client, talk(client, "sleeps")) == ["slept"]

        response = client.execute("talk", {"how": "prints"})
        job_url = response.links["monitor"]["url"]
        assert [line["text"] for line in httpx.get(f"{job_url}/logs").json()] == whole


def test_other_jobs_have_no_log(client: Client, server: Server) -> None:
    assert log(client, talk(client, "says nothing")) == []
    assert client.get("/jobs/nope/logs").status_code == 404
    job_id = talk(client, "prints")
    client.delete(f"/jobs/{job_id}")
    assert client.get(f"/jobs/{job_id}/logs").status_code == 410
    sync_id = private_run(client, server)
    assert client.get(f"/jobs/{sync_id}/logs").status_code == 404


def private_run(client: Client, server: Server) -> str:
    """The id of a synchronous run, which only the server's log tells."""
    before = server.log()
    assert client.execute("talk", {"how": "prints"}).status_code == 200
    found: Any = wait_until(lambda: [line for line in server.log()[len(before) :].splitlines() if "waits" in line])
    job_id: str = found[0].partition("job ")[2].partition(" ")[0]
    return job_id
