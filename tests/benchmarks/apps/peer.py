"""fastprocesses 0.24.1 with the same processes, in the way that it wants them written."""

import json
import os
from typing import Any, ClassVar

import echoes
from fastprocesses import BaseProcessResult
from fastprocesses.api.server import OGCProcessesAPI
from fastprocesses.common import celery_app
from fastprocesses.core.base_process import BaseProcess
from fastprocesses.core.models import ProcessDescription
from fastprocesses.processes.process_registry import register_process
from schemas import INPUTS, OUTPUTS


def described(name: str, kind: str) -> ProcessDescription:
    result = {**OUTPUTS[kind], "contentMediaType": "application/json"}
    inputs = {key: {"title": key, "description": key, "schema": schema} for key, schema in INPUTS[kind].items()}
    return ProcessDescription.model_validate(
        {
            "id": name,
            "title": name,
            "version": "1.0.0",
            "description": f"Returns what it gets: {name}.",
            "keywords": ["echo"],
            "metadata": {},
            "jobControlOptions": ["sync-execute", "async-execute"],
            "outputTransmission": ["value"],
            "inputs": inputs,
            "outputs": {"result": {"title": "Result", "description": "The same.", "schema": result}},
        }
    )


class Result(BaseProcessResult):
    result: Any
    output_serializers: ClassVar = {"result": {"application/json": "encode"}}

    def encode(self) -> bytes:
        return json.dumps(self.result).encode()


class Echo(BaseProcess):
    """The one callable, by the name of its process."""

    kind = "echo"

    def execute(self, exec_body: dict[str, Any], job_progress_callback: Any = None) -> Result:  # noqa: ARG002 - it is passed by name
        return Result(result=getattr(echoes, self.kind)(**exec_body["inputs"]))


def register(name: str, kind: str) -> None:
    members = {"process_description": described(name, kind), "kind": kind, "__module__": __name__}
    class_ = type(name.replace("-", "_"), (Echo,), members)
    globals()[class_.__name__] = class_
    register_process(name)(class_)


for known in INPUTS:
    register(known, known)
for number in range(int(os.environ.get("BENCHMARK_MORE", "0"))):
    register(f"echo-{number}", "echo")

celery = celery_app
app = OGCProcessesAPI().get_app()
