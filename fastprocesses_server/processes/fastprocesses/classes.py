"""Process classes written for the library fastprocesses, as callables like others: inputs by name, outputs by name.

Such a class has `execute(exec_body, job_progress_callback)`, and most say what they are in a `process_description`.
"""

import asyncio
import base64
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from ...errors import ProcessError

CONTEXT, REQUEST = "(context)", "(request)"
"""Keywords that no input is called by: for the context, and for the other members of the execute request."""
REGISTERED = "_registered_as"
CALLBACK = "job_progress_callback"
HOMES = {"fastprocesses.core.base_process", "fastprocesses_server.processes.fastprocesses.stand_ins"}

Members = dict[str, Any]

PUBLISHED = {
    "title": "title",
    "description": "description",
    "keywords": "keywords",
    "metadata": "metadata",
    "links": "links",
    "jobControlOptions": "job_control_options",
    "outputTransmission": "output_transmission",
}
"""What a description says of the process as a whole, and what it is called in ours."""
IN_INPUTS = ("title", "description", "keywords", "metadata", "schema", "minOccurs", "maxOccurs")
IN_OUTPUTS = ("title", "description", "keywords", "metadata", "schema")


def adapted(found: Any) -> Any:
    """An `execute` of such a class as a callable that takes inputs by name; anything else as it is."""
    return ProcessClass(found) if inspect.ismethod(found) and _takes_exec_body(found) else found


def _takes_exec_body(execute: Any) -> bool:
    if getattr(execute, "__name__", "") != "execute":
        return False
    if any(base.__module__ in HOMES for base in type(execute.__self__).__mro__):
        return True
    names = list(inspect.signature(execute).parameters)
    return names[:1] == ["exec_body"] and CALLBACK in names


class ProcessClass:
    """One instance of such a class."""

    def __init__(self, execute: Any) -> None:
        self.execute = execute
        self.instance = execute.__self__

    def __call__(self, /, **arguments: Any) -> Any:
        """Outputs by name; awaitable where `execute` is async.

        Raises:
            ProcessError: what the class's own checks of its inputs say.
        """
        report = _progress(arguments.pop(CONTEXT, None))
        others = arguments.pop(REQUEST, None) or {"outputs": {name: {} for name in self.outputs}, "response": "raw"}
        inputs = {name: _as_json(value) for name, value in arguments.items()}
        returned = self._execute(self._prepared({"inputs": inputs, **others}, report), report)
        return self._later(returned) if inspect.isawaitable(returned) else self._by_name(returned)

    async def _later(self, returned: Awaitable[Any]) -> Any:
        return self._by_name(await returned)

    def _prepared(self, exec_body: Members, report: Callable[..., None]) -> Members:
        """The steps that the library takes before it calls `execute`."""
        validate, resolve, check = (
            getattr(self.instance, name, None) for name in ("validate_inputs", "resolve_remote_inputs", "late_validate")
        )
        try:
            if validate:
                validate(exec_body["inputs"])
            if resolve:
                exec_body = resolve(exec_body, report) if _takes(resolve, 2) else resolve(exec_body)
            if check:
                check(exec_body["inputs"])
        except ValueError as error:
            raise ProcessError(str(error)) from error
        return exec_body

    def _execute(self, exec_body: Members, report: Callable[..., None]) -> Any:
        parameters = inspect.signature(self.execute).parameters.values()
        if any(p.name == CALLBACK or p.kind is p.VAR_KEYWORD for p in parameters):
            return self.execute(exec_body, **{CALLBACK: report})
        return self.execute(exec_body, report) if _takes(self.execute, 2) else self.execute(exec_body)

    def _by_name(self, returned: Any) -> Any:
        """A model's fields, and what `{"outputs": …}` holds; what is not by name stays what it is."""
        if isinstance(returned, BaseModel):
            return {name: self._output(returned, name) for name in type(returned).model_fields}
        if isinstance(returned, Mapping) and set(returned) == {"outputs"} and "outputs" not in self.outputs:
            return self._by_name(returned["outputs"])
        return returned

    def _output(self, model: BaseModel, name: str) -> Any:
        """What the description's media type is made of, where the model knows how to; else the field."""
        serializers = getattr(model, "output_serializers", {}).get(name, {})
        media_type = _media_type(self.outputs.get(name, {}), serializers)
        if media_type in serializers:
            content = getattr(model, serializers[media_type])()
            return json.loads(content) if _is_json(media_type) else content
        value = getattr(model, name)
        if value is None or isinstance(value, bytes):
            return value
        return model.model_dump(mode="json", include={name}, exclude_none=True).get(name)

    @cached_property
    def description(self) -> Members:
        """As JSON; empty where the class has none."""
        instance = self.instance
        found = getattr(instance, "process_description", None)
        if found is not None and hasattr(instance, "get_description"):
            found = instance.get_description()
        if isinstance(found, BaseModel):
            return found.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
        if not isinstance(found or {}, Mapping):
            raise TypeError(f"process_description is a {type(found).__name__}, not a ProcessDescription or a dict")
        jsonable: Members = to_jsonable_python(dict(found or {}), by_alias=True, exclude_none=True)
        return jsonable

    @property
    def outputs(self) -> dict[str, Members]:
        return {name: _some(members, IN_OUTPUTS) for name, members in self.description.get("outputs", {}).items()}

    @property
    def inputs(self) -> dict[str, Members]:
        return {name: _input(members) for name, members in self.description.get("inputs", {}).items()}

    @property
    def texts(self) -> Members:
        """What it says of the process as a whole."""
        description = self.description
        return {ours: description[theirs] for theirs, ours in PUBLISHED.items() if theirs in description}

    @property
    def version(self) -> str | None:
        version = self.description.get("version")
        return None if version is None else str(version)

    @property
    def id(self) -> str:
        """The one under which it was registered; empty where it has none."""
        return str(getattr(self.instance, REGISTERED, None) or self.description.get("id") or "")


def finished(returned: Any) -> Any:
    """What a plain or an async function returned."""
    return asyncio.run(_await(returned)) if inspect.isawaitable(returned) else returned


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _progress(context: Any) -> Callable[..., None]:
    def report(progress: float, message: str | None = None) -> None:
        if context is not None:
            context.progress(progress, message or "")

    return report


def _as_json(value: Any) -> Any:
    """Binary inputs as they were sent."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case [bytes(), *_]:
            return [_as_json(item) for item in value]
        case _:
            return value


def _takes(function: Any, count: int) -> bool:
    parameters = inspect.signature(function).parameters.values()
    many = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return many or sum(p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD} for p in parameters) >= count


def _some(members: Members, names: tuple[str, ...]) -> Members:
    return {name: members[name] for name in names if name in members}


def _input(members: Members) -> Members:
    """The library checks one value, however many `maxOccurs` allows: of an array, that value is the list."""
    chosen = _some(members, IN_INPUTS)
    if "maxOccurs" in members and _is_array(chosen.get("schema")):
        del chosen["maxOccurs"]
    return chosen


def _is_array(schema: Any) -> bool:
    said = schema.get("type") if isinstance(schema, dict) else None
    return said == "array" or (isinstance(said, list) and "array" in said)


def _media_type(output: Members, serializers: Mapping[str, str]) -> str:
    schema = output.get("schema") or {}
    first = (schema.get("oneOf") or [schema])[0]
    return str(first.get("contentMediaType") or next(iter(serializers), ""))


def _is_json(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().endswith(("/json", "+json"))
