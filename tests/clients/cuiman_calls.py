"""Run by the Python of cuiman's own environment: each call of its client once, told as one JSON object."""

import json
import sys
import time
from typing import Any

from cuiman import Client, ClientError
from gavicore.models import JobInfo, ProcessRequest

UNFINISHED = ("accepted", "running")


def main(url: str) -> dict[str, Any]:
    client = Client(api_url=url)
    processes = [process.id for process in client.get_processes().processes]
    job = client.execute_process("async-only", ProcessRequest(inputs={"seconds": 0}, response="document"))
    finished = end_of(client, job)
    return {
        "relations": [link.rel for link in client.get_capabilities().links],
        "classes": client.get_conformance().conformsTo,
        "processes": processes,
        "templates": {name: client.create_execution_request(name).inputs for name in processes},
        "submitted": job.model_dump(mode="json"),
        "finished": finished.model_dump(mode="json"),
        "listed": job.jobID in [listed.jobID for listed in client.get_jobs().jobs],
        "results": client.get_job_results(job.jobID).model_dump(mode="json"),
        "dismissed": client.dismiss_job(job.jobID).model_dump(mode="json"),
        "problem": problem_of(client),
    }


def end_of(client: Client, job: JobInfo) -> JobInfo:
    while job.status.value in UNFINISHED:
        time.sleep(0.05)
        job = client.get_job(job.jobID)
    return job


def problem_of(client: Client) -> dict[str, Any]:
    try:
        client.execute_process("async-only", ProcessRequest(inputs={"second": 0}))
    except ClientError as error:
        problem: dict[str, Any] = error.api_error.model_dump(mode="json")
        return problem
    return {}


if __name__ == "__main__":
    json.dump(main(sys.argv[1]), sys.stdout)
