"""What processes written for the library fastprocesses need of it to be imported and run. Only they import this."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, TypeVar

import yaml
from loguru import logger  # noqa: F401 - one of the names that are offered
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from ...errors import ProcessError
from .classes import REGISTERED, finished

Decorated = TypeVar("Decorated")
Members = dict[str, Any]


class FastProcessesError(ProcessError):
    """Clients read its text."""


class InputValidationError(FastProcessesError):
    def __init__(self, process_id: str, error: str) -> None:
        super().__init__(f"The inputs of {process_id} are wrong: {error}")


class OutputValidationError(FastProcessesError):
    def __init__(self, process_id: str, error: str) -> None:
        super().__init__(f"The outputs of {process_id} are wrong: {error}")


class JobFailedError(FastProcessesError):
    def __init__(self, _job_id: str, error: str) -> None:
        super().__init__(error)


class ProcessRegistrationError(FastProcessesError):
    def __init__(self, process_id: str, reason: str) -> None:
        super().__init__(f"{process_id} cannot be published: {reason}")


class SerializationError(FastProcessesError):
    pass


class SSRFBlockedError(FastProcessesError):
    pass


class JobProgressCallback(Protocol):
    def __call__(self, progress: int, message: str | None = None) -> None: ...


class ProcessJobControlOptions(StrEnum):
    SYNC_EXECUTE = "sync-execute"
    ASYNC_EXECUTE = "async-execute"
    DISMISS = "dismiss"


class ProcessOutputTransmission(StrEnum):
    VALUE = "value"
    REFERENCE = "reference"


class ResponseType(StrEnum):
    RAW = "raw"
    DOCUMENT = "document"


class ExecutionMode(StrEnum):
    SYNC = "sync"
    ASYNC = "async"


class Link(BaseModel):
    href: str
    rel: str
    type: str


class Metadata(BaseModel):
    title: str
    role: str
    href: str


class OutputControl(BaseModel):
    transmissionMode: str | None = "value"  # noqa: N815 - authors know it by this name
    format: Members | None = None


class Schema(BaseModel):
    """Any keyword, as it is written; those that no name of Python can be have another one."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    ref: str | None = Field(None, validation_alias=AliasChoices("$ref", "ref"), serialization_alias="$ref")
    not_: Any = Field(None, validation_alias=AliasChoices("not", "not_"), serialization_alias="not")


def _schema() -> Any:
    return Field(validation_alias=AliasChoices("schema", "scheme"), serialization_alias="schema")


class ProcessInput(BaseModel):
    title: str | None = None
    description: str | None = None
    scheme: Schema = _schema()
    minOccurs: int = 1  # noqa: N815 - as the standard writes it
    maxOccurs: int | str | None = 1  # noqa: N815
    metadata: Any = None
    keywords: list[str] = []


class ProcessOutput(BaseModel):
    title: str | None = None
    description: str | None = None
    scheme: Schema = _schema()
    metadata: Any = None
    keywords: list[str] = []


class ProcessDescription(BaseModel):
    id: str | None = None
    title: str | None = None
    version: str | None = None
    description: str | None = None
    jobControlOptions: list[str] | None = None  # noqa: N815
    outputTransmission: list[str] | None = None  # noqa: N815
    keywords: list[str] | None = None
    metadata: Any = None
    links: list[Link] | None = None
    inputs: dict[str, ProcessInput] = {}
    outputs: dict[str, ProcessOutput] = {}

    @classmethod
    def from_yaml(cls, file_path: str | Path) -> Self:
        return cls.model_validate(yaml.safe_load(Path(file_path).read_text(encoding="utf-8")))


class BaseProcessResult(BaseModel):
    """A model with a field for each output; `output_serializers` names methods by output and media type."""

    output_serializers: ClassVar[dict[str, dict[str, str]]] = {}

    def serialize(self, output_id: str, media_type: str) -> bytes:
        serializers = self.output_serializers.get(output_id, {})
        if media_type not in serializers:
            raise ValueError(f"{output_id} has no serializer for {media_type}")
        content: bytes = getattr(self, serializers[media_type])()
        return content


class BaseProcess(ABC):
    process_description: ClassVar[ProcessDescription]

    def get_description(self) -> ProcessDescription:
        return self.process_description

    @classmethod
    def create_description(cls, description_dict: Members) -> ProcessDescription:
        return ProcessDescription.model_validate(description_dict)

    @abstractmethod
    def execute(self, exec_body: Members, job_progress_callback: JobProgressCallback | None = None) -> Any: ...

    def run_execute(self, exec_body: Members, job_progress_callback: JobProgressCallback | None = None) -> Any:
        return finished(self.execute(exec_body, job_progress_callback=job_progress_callback))

    def validate_inputs(self, inputs: Members) -> bool:  # noqa: ARG002 - for those who override it
        """The server has checked them before the job was accepted."""
        return True

    def validate_outputs(self, outputs: Members | None) -> bool:  # noqa: ARG002
        return True

    def resolve_remote_inputs(
        self,
        exec_body: Members,
        job_progress_callback: JobProgressCallback | None = None,  # noqa: ARG002
    ) -> Members:
        return exec_body

    def late_validate(self, inputs: Members) -> bool | None:  # noqa: ARG002
        return None


class BaseParallelProcess(BaseProcess):
    """Its pieces run one after the other."""

    @abstractmethod
    def split_inputs(self, exec_body: Members) -> list[Members]: ...

    @abstractmethod
    def execute_single(self, item: Members, job_progress_callback: JobProgressCallback | None = None) -> Any: ...

    @abstractmethod
    def merge_results(self, results: list[Members]) -> Any: ...

    def execute(self, exec_body: Members, job_progress_callback: JobProgressCallback | None = None) -> Any:
        items = self.split_inputs(exec_body)
        results = []
        for done, item in enumerate(items):
            results.append(_as_dict(finished(self.execute_single(item, None))))
            if job_progress_callback:
                job_progress_callback(100 * (done + 1) // (len(items) + 1))
        return _merged(self.merge_results, results, exec_body, job_progress_callback)


def parallel_step(method: Decorated) -> Decorated:
    method._is_parallel_step = True  # type: ignore[attr-defined] # noqa: SLF001 - what the library calls it
    return method


class BaseScatterProcess(BaseProcess):
    """Its steps run one after the other, in the order in which they are written."""

    @abstractmethod
    def merge_results(self, results: dict[str, Any]) -> Any: ...

    def execute(self, exec_body: Members, job_progress_callback: JobProgressCallback | None = None) -> Any:
        names = {
            name: None
            for cls in reversed(type(self).__mro__)
            for name, member in vars(cls).items()
            if getattr(member, "_is_parallel_step", False)
        }
        results = {name: _as_dict(finished(getattr(self, name)(exec_body))) for name in names}
        return _merged(self.merge_results, results, exec_body, job_progress_callback)


def _as_dict(partial: Any) -> Any:
    return partial.model_dump(exclude_none=True) if isinstance(partial, BaseModel) else partial


def _merged(merge: Callable[..., Any], results: Any, exec_body: Members, report: JobProgressCallback | None) -> Any:
    """Versions of the library differ in what they give to `merge_results`."""
    taken = len(inspect.signature(merge).parameters)
    return merge(*(results, exec_body, report)[:taken])


def register_process(process_id: str) -> Callable[[Decorated], Decorated]:
    """The description file publishes the class; this only remembers the id."""

    def decorator(cls: Decorated) -> Decorated:
        setattr(cls, REGISTERED, process_id)
        return cls

    return decorator


class OGCProcessesAPI:
    """There is nothing to start: this server is the API."""

    def __init__(self, **_settings: Any) -> None: ...

    def get_app(self) -> Self:
        return self
