"""A process: what the standard publishes of it, and how its callable is run.

The members are those of the description file and of `process.yaml` of OGC API - Processes 1.0; names are
camelCase in files and documents, snake_case here.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from .quantities import Bytes, Seconds

Schema = dict[str, Any]


class Member(BaseModel):
    """Frozen, and strict about names: a member that nobody reads is a mistake of whoever wrote it."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class JobControlOption(StrEnum):
    SYNC_EXECUTE = "sync-execute"
    ASYNC_EXECUTE = "async-execute"
    DISMISS = "dismiss"


class TransmissionMode(StrEnum):
    VALUE = "value"
    REFERENCE = "reference"


class Link(Member):
    href: str
    rel: str | None = None
    type: str | None = None
    hreflang: str | None = None
    title: str | None = None


class Metadata(Member):
    title: str | None = None
    role: str | None = None
    href: str | None = None


class AdditionalParameter(Member):
    name: str
    value: list[Any]


class AdditionalParameters(Metadata):
    parameters: list[AdditionalParameter] = []


def _as_list(metadata: Any) -> Any:
    """The mapping form that fastprocesses' users know, `{provider: "City"}`, as the standard's list."""
    if isinstance(metadata, dict):
        return [{"role": str(role), "title": str(title)} for role, title in metadata.items()]
    return metadata


class Described(Member):
    """descriptionType.yaml"""

    title: str | None = None
    description: str | None = None
    keywords: list[str] | None = None
    metadata: Annotated[list[Metadata] | None, BeforeValidator(_as_list)] = None
    additional_parameters: AdditionalParameters | None = None


class Input(Described):
    """inputDescription.yaml; `schema` as the author wrote it, JSON Schema 2020-12 or the dialect of 1.0."""

    schema_: Annotated[Schema, Field(alias="schema")]
    min_occurs: Annotated[int, Field(ge=0)] = 1
    max_occurs: Annotated[int, Field(ge=1)] | Literal["unbounded"] = 1

    @property
    def takes_many(self) -> bool:
        return self.max_occurs == "unbounded" or self.max_occurs > 1

    @property
    def is_required(self) -> bool:
        return self.min_occurs > 0 and "default" not in self.schema_


class Output(Described):
    """outputDescription.yaml"""

    schema_: Annotated[Schema, Field(alias="schema")]


class Example(Member):
    """An execute request that works, and what is expected of its outputs."""

    title: str | None = None
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}


class TimeLimit(Member):
    """Seconds, per attempt; where nothing is said, the server's settings."""

    soft: Seconds | None = None
    hard: Seconds | None = None


class Run(Member):
    """How workers run the callable."""

    time_limit: TimeLimit = TimeLimit()
    memory_limit: Bytes | None = None
    attempts: Annotated[int, Field(ge=1)] = 3
    retry_on: list[str] = []
    retry_delay: Seconds | None = None
    queue: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] = "default"
    concurrency: Annotated[int, Field(ge=1)] | None = None


def _off_is_false(value: Any) -> Any:
    return False if value == "off" else value


class ResultRules(Member):
    """What becomes of the outputs: `cache` and `keep` in seconds, `cache` False where it is off."""

    cache: Annotated[Seconds | Literal[False] | None, BeforeValidator(_off_is_false)] = None
    keep: Seconds | None = None
    max_size: Bytes | None = None


class Access(Member):
    roles: list[str]


PROCESS_ID = r"^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$"
"""Not only dots: `..` is a step in a URL."""


def _can_run(options: list[JobControlOption]) -> list[JobControlOption]:
    if not {JobControlOption.SYNC_EXECUTE, JobControlOption.ASYNC_EXECUTE} & set(options):
        raise ValueError("must name sync-execute or async-execute, else nobody can run the process")
    return options


class Common(Described):
    """What a description file may say in the words in which a process has it."""

    links: list[Link] = []
    job_control_options: Annotated[list[JobControlOption], AfterValidator(_can_run)] = list(JobControlOption)
    output_transmission: Annotated[list[TransmissionMode], Field(min_length=1)] = list(TransmissionMode)
    examples: dict[str, Example] = {}
    run: Run = Run()
    results: ResultRules = ResultRules()
    access: Access | None = None


class Process(Common):
    """One process of the registry: plain data, complete, the same in API and workers."""

    id: Annotated[str, Field(pattern=PROCESS_ID)]
    version: str
    inputs: dict[str, Input] = {}
    outputs: dict[str, Output] = {}
    callable: str
    """Module and name, `geo_tools:buffer`."""
    by_position: list[str] = []
    """Inputs that the callable takes by position only, in its order."""
    context_parameter: str | None = None
    """The parameter that takes the context, where the callable asks for it."""
    request_parameter: str | None = None
    """The parameter that takes the other members of the execute request, where a class was written for them."""
    fingerprint: str
    """SHA-256 over the description and the modules below the processes folder that its import loads."""
    modules: dict[str, str] = {}
    """SHA-256 of those modules' files, by their path below the folder."""
    source: str
    """The description file, for messages."""

    def offers(self, option: JobControlOption) -> bool:
        return option in self.job_control_options
