"""`/jobs/{jobID}/results` and what else is kept of a job: its outputs one by one, its inputs, its definition."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from ..errors import (
    Complaint,
    InvalidRequest,
    JobFailed,
    NoSuchOutput,
    NoSuchProcess,
    ResultNotAvailable,
    ResultNotReady,
    echo,
)
from ..execution.request import Execution, read_execution
from ..execution.results import Presenter
from ..jobs.engine import Outputs
from ..jobs.record import Job, Status
from ..processes.suggestion import suggest
from .documents import json_response
from .jobs import find_job
from .negotiation import negotiate, prefers_page
from .results import results_response
from .results_page import results_page
from .services import Services, services_of, urls_of

router = APIRouter()


@router.api_route("/jobs/{job_id}/results", methods=["GET", "HEAD"])
async def job_results(request: Request, job_id: str) -> Response:
    """All outputs that were asked for, or those that `outputs=a,b` names, in the form that was asked for."""
    services = services_of(request)
    job, outputs = await _successful_job(request, job_id)
    execution = await _execution(services, job)
    presenter = presenter_for(request, job_id)
    if execution and "outputs" in request.query_params:
        execution = _narrowed(execution, request.query_params["outputs"].split(","))
    if prefers_page(request):
        return results_page(request, job, execution, outputs, presenter)
    if execution is None:
        raise NoSuchProcess(f"Process {job.process_id} is not published any more; its outputs have their own URLs.")
    response = results_response(presenter.present(execution, outputs), request)
    response.headers["Vary"] = "Accept"
    return response


@router.api_route("/jobs/{job_id}/results/{output}", methods=["GET", "HEAD"])
async def job_output(request: Request, job_id: str, output: str) -> Response:
    """One output as itself; also of a sync run that was asked for references, which is no public job."""
    services = services_of(request)
    job, outputs = await _successful_job(request, job_id, public_only=False)
    if output not in outputs:
        raise NoSuchOutput(f"Job {job_id} has no output {echo(output)}{suggest(output, outputs)}")
    execution = await _execution(services, job)
    return results_response(presenter_for(request, job_id).output(execution, outputs[output]), request)


@router.api_route("/jobs/{job_id}/inputs", methods=["GET", "HEAD"])
async def job_inputs(request: Request, job_id: str) -> Response:
    """The inputs as they were sent, with the defaults of those that were not."""
    negotiate(request)
    services = services_of(request)
    execution = await _kept_execution(services, await find_job(request, job_id))
    return json_response(dict(execution.inputs))


@router.api_route("/jobs/{job_id}/definition", methods=["GET", "HEAD"])
async def job_definition(request: Request, job_id: str) -> Response:
    """An execute request, the definition that it was made for, and what ran, which may be a newer one."""
    negotiate(request)
    services = services_of(request)
    job = await find_job(request, job_id)
    execution = await _kept_execution(services, job)
    return json_response(
        {
            "process": urls_of(request).process(job.process_id),
            "processID": job.process_id,
            "version": job.version,
            "fingerprint": job.fingerprint,
            **({"ran": {"version": job.ran.version, "fingerprint": job.ran.fingerprint}} if job.ran else {}),
            "inputs": execution.inputs,
            "outputs": {output.name: output.as_document() for output in execution.outputs},
            "response": execution.response,
        }
    )


def presenter_for(request: Request, job_id: str) -> Presenter:
    urls = urls_of(request)
    return Presenter(services_of(request).results.folder, lambda name: urls.output(job_id, name))


async def _execution(services: Services, job: Job) -> Execution | None:
    """None where the process is not published any more."""
    process, stored = services.whole.get(job.process_id), await services.store.request(job.id)
    return read_execution(process, stored) if process and stored else None


async def _kept_execution(services: Services, job: Job) -> Execution:
    execution = await _execution(services, job)
    if execution is None:
        raise NoSuchProcess(f"Process {job.process_id} is not published any more.")
    return execution


def _narrowed(execution: Execution, names: list[str]) -> Execution:
    asked = {output.name: output for output in execution.outputs}
    if wrong := [name for name in names if name not in asked]:
        raise InvalidRequest([Complaint("outputs", f"no output {name}{suggest(name, asked)}") for name in wrong])
    return replace(execution, outputs=tuple(asked[name] for name in dict.fromkeys(names)))


async def _successful_job(request: Request, job_id: str, *, public_only: bool = True) -> tuple[Job, Outputs]:
    """Table 1d: what there is instead of results."""
    services, job = services_of(request), await find_job(request, job_id, public_only=public_only)
    if job.status == Status.DISMISSED:
        raise ResultNotAvailable(f"Job {job_id} was dismissed.")
    if job.status == Status.FAILED and job.problem:
        raise JobFailed(job.problem)
    if not job.status.is_final:
        raise ResultNotReady(f"Job {job_id} is {job.status}.")
    outputs = await services.engine.outputs(job)
    if outputs is None or not services.results.holds(outputs.values()):
        raise ResultNotAvailable(f"The results of job {job_id} have expired.")
    return job, outputs
