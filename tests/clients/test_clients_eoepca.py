"""ogc-api-processes-client: generated from the standard's own OpenAPI document, with strict models of all answers."""

from typing import Any

import pytest
from ogc_api_processes_client.api_client_wrapper import ApiClientWrapper
from ogc_api_processes_client.configuration import Configuration
from ogc_api_processes_client.exceptions import NotFoundException
from ogc_api_processes_client.models.status_info import StatusInfo
from serving import Client, Server

ASYNC = {"Prefer": "respond-async", "Content-Type": "application/json"}
SHIPPED = ("echo", "echo-binary", "heat-map", "service-coverage", "simple_process")


@pytest.fixture
def eoepca(server: Server) -> ApiClientWrapper:
    return ApiClientWrapper(Configuration(host=server.url))


def submit(eoepca: ApiClientWrapper, process: str, **inputs: Any) -> StatusInfo:
    request = {"inputs": inputs, "response": "document"}
    status: StatusInfo = eoepca.execute_simple(process, request, _headers=dict(ASYNC))
    return status


def test_its_models_take_the_landing_page_the_conformance_and_the_list(eoepca: ApiClientWrapper) -> None:
    assert all(link.rel and link.type and link.title for link in eoepca.get_landing_page().links)
    assert eoepca.get_conformance_classes().conforms_to
    assert "echo" in [process.id for process in eoepca.get_processes().processes]


@pytest.mark.parametrize("process", SHIPPED)
def test_its_models_take_every_shipped_description(eoepca: ApiClientWrapper, process: str) -> None:
    description = eoepca.get_process_description(process)
    assert description.id == process
    assert description.inputs
    assert description.outputs


def test_its_models_take_a_job_from_its_beginning_to_its_end(eoepca: ApiClientWrapper, client: Client) -> None:
    submitted = submit(eoepca, "echo", message="hi", mixed={"value": {"a": 1}})
    client.finished(submitted.job_id)
    finished = eoepca.get_status(submitted.job_id)
    assert finished.status == "successful"
    assert finished.created <= finished.started <= finished.finished
    assert submitted.job_id in [job.job_id for job in eoepca.get_jobs().jobs]
    assert eoepca.dismiss(submitted.job_id).status == "dismissed"


def test_its_models_take_qualified_results(eoepca: ApiClientWrapper, client: Client) -> None:
    """Of plain strings and numbers they take none from any server: two branches of their `oneOf` match."""
    job = submit(eoepca, "service-coverage", distance=500)
    client.finished(job.job_id)
    results = eoepca.get_result(job.job_id)
    assert set(results) == {"districts", "summary"}


def test_its_exceptions_carry_the_problem(eoepca: ApiClientWrapper) -> None:
    with pytest.raises(NotFoundException, match="no-such-job"):
        eoepca.get_status("nowhere")
