"""One call of a process's callable: arguments from an execution, outputs from what is returned."""

import asyncio
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..execution.inputs import InputsReader, Unreadable
from ..execution.outputs import EncodedOutput, OutputsWriter
from ..execution.references import Reference, Unreachable
from ..execution.request import Execution
from ..processes.callables import load_callable
from ..processes.description import Process
from .arguments import Conversion
from .context import Context
from .failures import Failure, too_large

Fetch = Callable[[list[tuple[str, str]]], Mapping[str, Reference]]
"""From paths and URLs to what the URLs lead to; raises Unreachable."""


class Caller:
    """Calls the callable of one process; making it imports authors' code."""

    def __init__(self, process: Process, folder: Path) -> None:
        self.process = process
        self.function = load_callable(process.callable, folder)
        self.conversion = Conversion(self.function)
        self.inputs = InputsReader(process)
        self.outputs = OutputsWriter(process)

    def arguments(self, execution: Execution, context: Context, fetch: Fetch) -> dict[str, Any]:
        """By name, the context and other members of the request among them where the callable asks for these.

        Raises:
            Failure: an input cannot be fetched, or what was fetched does not fit.
        """
        hrefs = list(self.inputs.hrefs(execution.inputs))
        try:
            values = self.inputs.read(execution.inputs, fetch(hrefs) if hrefs else {})
            arguments = self.conversion.arguments(values, lambda: context.workdir)
        except Unreachable as error:
            raise Failure(f"An input cannot be fetched: {error}") from None
        except Unreadable as error:
            raise Failure("The inputs do not fit the process: " + "; ".join(map(str, error.complaints))) from None
        if self.process.context_parameter:
            arguments[self.process.context_parameter] = context
        if self.process.request_parameter:
            arguments[self.process.request_parameter] = execution.others
        return arguments

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """What the callable returns, as JSON, bytes or files."""
        caller = os.getpid()
        try:
            return self.conversion.plain(call(self.function, self.process.by_position, arguments))
        finally:
            if os.getpid() != caller:
                os._exit(0)  # the callable forked, and this is the copy

    def encode(self, returned: Any) -> list[EncodedOutput]:
        """Raises InvalidOutput."""
        return self.outputs.encode(returned)

    def check_size(self, sizes: Iterable[int]) -> None:
        """Raises Failure where the outputs together are more than the process may return."""
        size, largest = sum(sizes), self.process.results.max_size
        if largest and size > largest:
            raise too_large(size, largest)


def call(function: Callable[..., Any], by_position: Sequence[str], arguments: Mapping[str, Any]) -> Any:
    """Call a plain or an async function; the first parameters may have to be given without their names."""
    first = _first(function, by_position, arguments)
    returned = function(*first, **{name: value for name, value in arguments.items() if name not in by_position})
    return asyncio.run(_finish(returned)) if inspect.isawaitable(returned) else returned


def _first(function: Callable[..., Any], by_position: Sequence[str], arguments: Mapping[str, Any]) -> list[Any]:
    """Up to the last that is given: what is left out before it has its default."""
    last = max((place for place, name in enumerate(by_position, 1) if name in arguments), default=0)
    needed = by_position[:last]
    if arguments.keys() >= set(needed):
        return [arguments[name] for name in needed]
    parameters = inspect.signature(function).parameters
    return [arguments[name] if name in arguments else parameters[name].default for name in needed]


async def _finish(awaitable: Any) -> Any:
    return await awaitable
