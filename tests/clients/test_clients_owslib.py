"""OWSLib, the most used client: every call of its `Processes` against a running server."""

import pytest
from owslib.ogcapi.processes import Processes
from serving import Client, Server


@pytest.fixture
def owslib(server: Server) -> Processes:
    return Processes(server.url)


def test_owslib_finds_its_way_from_the_landing_page(owslib: Processes) -> None:
    assert "/processes/echo/execution" in owslib.api()["paths"]
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in owslib.conformance()["conformsTo"]
    assert "echo" in [process["id"] for process in owslib.processes()]
    assert "message" in owslib.process("echo")["inputs"]


def test_owslib_gets_a_document_at_once_though_it_sends_respond_sync(owslib: Processes) -> None:
    assert owslib.execute("echo", {"message": "hi", "count": 3}) == {"message": "hi", "count": 3}
    assert owslib.execute("echo", {"message": "hi", "count": 3}, outputs={"count": {}}) == {"count": 3}


def test_owslib_makes_a_job_whose_results_it_finds_behind_the_location(owslib: Processes, client: Client) -> None:
    status = owslib.execute("echo", {"message": "hi"}, async_=True)
    location = owslib.response_headers["Location"]
    assert location.endswith(f"/jobs/{status['jobID']}")
    assert client.finished(status["jobID"])["status"] == "successful"
    assert client.get(f"{location}/results").json() == {"message": "hi"}


def test_owslib_shows_the_problem_of_a_bad_request(owslib: Processes) -> None:
    with pytest.raises(RuntimeError, match="did you mean"):
        owslib.execute("echo", {"mesage": "hi"})
    with pytest.raises(RuntimeError, match="no-such-process"):
        owslib.process("nowhere")
