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
    """Frozen, and strict about names: a member that nobody reads is a mistake of whoever wrote it.

    What stands below a field describes it in the JSON Schema of description files as well.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


class JobControlOption(StrEnum):
    SYNC_EXECUTE = "sync-execute"
    ASYNC_EXECUTE = "async-execute"
    DISMISS = "dismiss"


class TransmissionMode(StrEnum):
    VALUE = "value"
    REFERENCE = "reference"


class Link(Member):
    """A link to a web page or document about the process."""

    href: Annotated[str, Field(examples=["https://example.org/buffer"])]
    """Where it leads, an absolute URL."""
    rel: Annotated[str | None, Field(examples=["about", "license"])] = None
    """How the target relates to the process; "related" where nothing is said."""
    type: Annotated[str | None, Field(examples=["text/html"])] = None
    """Media type of the target; "text/html" where nothing is said."""
    hreflang: Annotated[str | None, Field(examples=["en"])] = None
    """Language of the target."""
    title: str | None = None
    """Text of the link."""


class Metadata(Member):
    """A reference to more about the process, input or output."""

    title: str | None = None
    """Text of the reference."""
    role: Annotated[str | None, Field(examples=["license"])] = None
    """What the reference is."""
    href: Annotated[str | None, Field(examples=["https://spdx.org/licenses/MIT"])] = None
    """Where it leads, a URL."""


class AdditionalParameter(Member):
    """A name with its values."""

    name: str
    """The name."""
    value: list[Any]
    """Its values."""


class AdditionalParameters(Metadata):
    """What neither the standard nor this server has a member for."""

    parameters: list[AdditionalParameter] = []
    """Names with their values."""


def _as_list(metadata: Any) -> Any:
    """The mapping form that fastprocesses' users know, `{provider: "City"}`, as the standard's list."""
    if isinstance(metadata, dict):
        return [{"role": str(role), "title": str(title)} for role, title in metadata.items()]
    return metadata


MetadataList = Annotated[
    list[Metadata] | None, BeforeValidator(_as_list, json_schema_input_type=list[Metadata] | dict[str, Any] | None)
]


class Described(Member):
    """descriptionType.yaml"""

    title: str | None = None
    """A few words that name it to people."""
    description: str | None = None
    """What it is, in sentences."""
    keywords: Annotated[list[str] | None, Field(examples=[["vector", "geometry"]])] = None
    """Words by which it is found."""
    metadata: MetadataList = None
    """References to more about it: a list, or a mapping of roles to titles."""
    additional_parameters: AdditionalParameters | None = None
    """What the other members have no place for."""


class Input(Described):
    """inputDescription.yaml; `schema` as the author wrote it, JSON Schema 2020-12 or the dialect of 1.0."""

    schema_: Annotated[Schema, Field(alias="schema")]
    min_occurs: Annotated[int, Field(ge=0)] = 1
    """How many values must be sent at least; 0: the input may be left out."""
    max_occurs: Annotated[int, Field(ge=1)] | Literal["unbounded"] = 1
    """How many values may be sent at most; over 1, the callable gets a list."""

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
    """A few words about the example."""
    inputs: dict[str, Any] = {}
    """Values by the names of inputs; `{$file: square.json}` is what a file beside this one holds."""
    outputs: dict[str, Any] = {}
    """What is expected of the outputs, by their names; of members that are not named, anything is."""


class TimeLimit(Member):
    """Seconds, per attempt; where nothing is said, the server's settings."""

    soft: Seconds | None = None
    """After this time the callable is asked to end."""
    hard: Seconds | None = None
    """After this time the callable is killed, and the job has failed."""


class Run(Member):
    """How workers run the callable."""

    time_limit: TimeLimit = TimeLimit()
    """How long one attempt may take."""
    memory_limit: Bytes | None = None
    """Memory of the callable and all that it starts; over it, the job fails."""
    attempts: Annotated[int, Field(ge=1)] = 3
    """Starts in all, whatever ended the earlier ones; 1: never run twice."""
    retry_on: Annotated[list[str], Field(examples=[["ConnectionError", "requests.Timeout"]])] = []
    """Exceptions that cost an attempt instead of failing the job: built-in ones by name, others by dotted path."""
    retry_delay: Seconds | None = None
    """How long to wait before the next attempt."""
    queue: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", examples=["heavy"])] = "default"
    """Celery queue; only workers that serve it run the process."""
    concurrency: Annotated[int, Field(ge=1)] | None = None
    """At most so many runs at once, over all workers."""


def _off_is_false(value: Any) -> Any:
    return False if value == "off" else value


CacheTime = Annotated[
    Seconds | Literal[False] | None,
    BeforeValidator(_off_is_false, json_schema_input_type=Seconds | Literal["off", False] | None),
]


class ResultRules(Member):
    """What becomes of the outputs: `cache` and `keep` in seconds, `cache` False where it is off."""

    cache: CacheTime = None
    """How long equal inputs are answered with the outputs of the earlier run; or off."""
    keep: Seconds | None = None
    """How long the results of a job are kept."""
    max_size: Bytes | None = None
    """Most that all outputs together may have; over it, the job fails."""


class Access(Member):
    """Who may see and run the process."""

    roles: list[str]
    """Roles, one of which is needed."""


PROCESS_ID = r"^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$"
"""Not only dots: `..` is a step in a URL."""


def _can_run(options: list[JobControlOption]) -> list[JobControlOption]:
    if not {JobControlOption.SYNC_EXECUTE, JobControlOption.ASYNC_EXECUTE} & set(options):
        raise ValueError("must name sync-execute or async-execute, else nobody can run the process")
    return options


class Common(Described):
    """What a description file may say in the words in which a process has it."""

    links: list[Link] = []
    """Pages and documents about the process."""
    job_control_options: Annotated[
        list[JobControlOption],
        AfterValidator(_can_run),
        Field(json_schema_extra={"contains": {"enum": ["sync-execute", "async-execute"]}}),
    ] = list(JobControlOption)
    """How clients may run the process."""
    output_transmission: Annotated[list[TransmissionMode], Field(min_length=1)] = list(TransmissionMode)
    """How clients may ask for outputs: as values, or as URLs."""
    examples: dict[str, Example] = {}
    """Execute requests that work, by name: shown in the API definition, and tests of the process."""
    run: Run = Run()
    """Limits, attempts and queue of the callable."""
    results: ResultRules = ResultRules()
    """What becomes of the outputs."""
    access: Access | None = None
    """Who may see and run the process; everybody, where it is not said. It needs FP_AUTH."""


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
    returns_whole: bool = False
    """A dict that the callable returns is the one output, whatever names are in it."""
    fingerprint: str
    """SHA-256 over the description and the modules below the processes folder that its import loads."""
    modules: dict[str, str] = {}
    """SHA-256 of those modules' files, by their path below the folder."""
    source: str
    """The description file, for messages."""

    def offers(self, option: JobControlOption) -> bool:
        return option in self.job_control_options
