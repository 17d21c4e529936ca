"""A process that tests of the store have jobs of."""

from typing import Any

from fastprocesses_server.processes.description import Process
from fastprocesses_server.processes.registry import Registry


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
