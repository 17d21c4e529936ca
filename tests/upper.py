"""A process that tests have jobs of."""

import asyncio
from typing import Any

from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.connection import connect_async
from fastprocesses_server.jobs.store import JobStore
from fastprocesses_server.processes.description import Process
from fastprocesses_server.processes.registry import Registry
from fastprocesses_server.settings import Settings


def make_process(process_id: str = "upper", **members: Any) -> Process:
    return Process.model_validate(
        {
            "id": process_id,
            "version": "1.0.0",
            "callable": "module:upper",
            "fingerprint": "f",
            "source": "upper.yaml",
            "inputs": {"text": {"schema": {"type": "string", "default": "x"}}},
            "outputs": {"result": {"schema": {"type": "string"}}},
            **members,
        }
    )


def make_registry(*processes: Process) -> Registry:
    return Registry({process.id: process for process in processes or (make_process(),)})


def ask_store(url: str, method: str, *arguments: Any, **options: Any) -> Any:
    """A method of the job store, in an event loop of its own."""

    async def call() -> Any:
        client = connect_async(url)
        try:
            return await getattr(JobStore(client, Settings()), method)(*arguments, **options)
        finally:
            await client.aclose()

    return asyncio.run(call())


def create_job(url: str, job_id: str, process: Process) -> None:
    """Accepted and queued, with inputs by default."""
    execution = RequestReader(process).read({"inputs": {}})
    ask_store(url, "create", job_id, execution, is_public=True)
