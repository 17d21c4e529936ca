"""A trial: one execution of a process in this very process, without Redis, by the rules of server and workers."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import Any

from ..errors import Complaint
from ..execution.content import peek
from ..execution.guard import guard_references
from ..execution.media_type import Kind
from ..execution.outgoing import create_client
from ..execution.outputs import EncodedOutput
from ..execution.references import Reference, Room, resolve
from ..execution.request import Execution, RequestReader
from ..jobs.results import ResultStore
from ..processes.description import Process
from ..settings import Settings
from ..worker.arguments import Fetching
from ..worker.calls import Caller
from ..worker.context import Context
from ..worker.failures import over_soft_limit

Report = Callable[[float, str], object]


def unreported(_percent: float, _message: str) -> None:
    """For those who do not want to know how far a run is."""


@dataclass(frozen=True)
class Trial:
    """Runs one process. `workdir` becomes the context's; outputs may lie in it."""

    process: Process
    settings: Settings
    workdir: Path
    report: Report = unreported

    @cached_property
    def context(self) -> Context:
        return Context(f"trial-{token_hex(4)}", self.workdir, self.report)

    def end_softly(self, *_: object) -> None:
        """As a handler of a signal: the callable is over its soft time limit."""
        self.context.cancelled = True
        raise over_soft_limit()

    def run(self, request: Mapping[str, Any]) -> list[EncodedOutput]:
        """The outputs of an execute request.

        Raises:
            InvalidRequest: with what the server would complain of.
            InvalidOutput, Failure: as workers do; and whatever the callable raises.
        """
        execution = self.execution(request)
        caller = Caller(self.process, self.settings.processes_dir)
        arguments = caller.arguments(execution, self.context, lambda hrefs: self._fetch(execution, hrefs))
        outputs = caller.encode(caller.call(arguments))
        caller.check_size(map(size, outputs))
        return outputs

    def execution(self, request: Mapping[str, Any]) -> Execution:
        """Raises InvalidRequest."""
        reader = RequestReader(self.process)
        inputs = request.get("inputs")
        hrefs = list(reader.inputs.hrefs(inputs)) if isinstance(inputs, dict) else []
        references, wrong = asyncio.run(self._resolved(hrefs)) if hrefs else ({}, [])
        return reader.read(request, references, wrong)

    async def _resolved(self, hrefs: list[tuple[str, str]]) -> tuple[dict[str, Reference], list[Complaint]]:
        room = Room()
        async with create_client(guard_references(self.settings), self.settings) as client:
            return await resolve(hrefs, lambda href: peek(client, href, room))

    def _fetch(self, execution: Execution, hrefs: list[tuple[str, str]]) -> dict[str, Reference]:
        guard, nothing_stored = guard_references(self.settings), ResultStore(self.workdir)
        fetching = Fetching(guard, self.settings, nothing_stored, lambda _: None, lambda: self.context.workdir)
        return fetching.complete(execution, hrefs)


def size(output: EncodedOutput) -> int:
    """In bytes."""
    return len(output.body) if isinstance(output.body, bytes) else output.body.stat().st_size


def content_of(output: EncodedOutput) -> bytes:
    return output.body if isinstance(output.body, bytes) else output.body.read_bytes()


def value_of(output: EncodedOutput) -> Any:
    """JSON as it is, large integers too; text, or bytes."""
    match output.kind:
        case Kind.JSON:
            return json.loads(content_of(output))
        case Kind.TEXT:
            return content_of(output).decode(errors="replace")
        case Kind.BINARY:
            return content_of(output)
