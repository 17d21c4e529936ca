"""For any annotation: what fits the published schema converts, what does not is refused, and what is returned fits."""

import base64
import dataclasses
import datetime
import enum
import json
import os
import typing
import uuid
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Optional, Union

import orjson
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from json_values import ANY_JSON, changed, fitting
from pydantic import (
    AfterValidator,
    Base64UrlBytes,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    StringConstraints,
    TypeAdapter,
)
from pydantic_core import to_json

from fastprocesses_server.execution.inputs import InputsReader, Unreadable
from fastprocesses_server.execution.outputs import OutputsWriter
from fastprocesses_server.execution.references import References
from fastprocesses_server.processes.annotations import RETURN
from fastprocesses_server.processes.description import Input, Output, Process
from fastprocesses_server.processes.inference import infer
from fastprocesses_server.processes.published import published
from fastprocesses_server.processes.schema_faults import schema_faults
from fastprocesses_server.processes.schemas import compile_schema
from fastprocesses_server.worker.arguments import Conversion

NO_REFERENCES: References = {}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Share(enum.Enum):
    HALF = 0.5
    WHOLE = 1.0
    NONE = None
    ALL = "all"


@dataclasses.dataclass
class Data:
    colour: Colour
    when: datetime.date
    sizes: list[Size] = dataclasses.field(default_factory=list)


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: Annotated[int, Field(ge=0, le=9)]
    pause: datetime.timedelta = datetime.timedelta(seconds=1)


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    first: Annotated[Decimal, Field(alias="theFirst")]
    second: Annotated[float | None, Field(serialization_alias="Second", validation_alias="Second")] = None


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    ident: uuid.UUID
    when: datetime.datetime
    share: float = 1


class Node(BaseModel):
    name: str
    below: "list[Node]" = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    weight: float


class Held(BaseModel):
    name: bytes
    note: Annotated[bytes, Field(max_length=3)] | None = None


@dataclasses.dataclass
class Holder:
    below: list[Held] = dataclasses.field(default_factory=list)
    extra: dict[str, bytes | int] = dataclasses.field(default_factory=dict)


class Typed(typing.TypedDict):
    size: Size
    note: NotRequired[str]


class Named(NamedTuple):
    at: datetime.time
    share: Share = Share.HALF


CLASSES = [Data, Closed, Aliased, Strict, Node, Holder, Typed, Named]
SCALARS: list[Any] = [
    bool,
    int,
    float,
    str,
    Decimal,
    datetime.date,
    datetime.datetime,
    NaiveDatetime,
    datetime.time,
    datetime.timedelta,
    uuid.UUID,
    Colour,
    Size,
    Share,
    Literal["a", 1, True],
    Literal[2],
    Annotated[int, Field(ge=-5, lt=100)],
    Annotated[int, Field(multiple_of=3)],
    Annotated[float, Field(gt=0, le=1)],
    Annotated[str, Field(min_length=1, max_length=3)],
    Annotated[str, Field(pattern="^[a-c]+$")],
    Annotated[Decimal, Field(ge=1, le=5)],
    Annotated[Decimal, Field(max_digits=4, decimal_places=2)],
    Annotated[Decimal, Field(max_digits=3)],
    Annotated[Decimal, Field(decimal_places=1)],
]
HASHABLE = st.sampled_from([s for s in SCALARS if s is not Share])
NAMES = st.sampled_from([str, int, float, bool, Colour, Size, uuid.UUID, datetime.date, Literal["x", "y"]])
ANIMAL = Annotated[Cat | Dog, Field(discriminator="kind")]


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(lambda one: list[one]),
        inner.map(lambda one: tuple[one, ...]),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: tuple[tuple(some)]),
        HASHABLE.map(lambda one: set[one]),
        HASHABLE.map(lambda one: frozenset[one]),
        st.tuples(NAMES, inner).map(lambda pair: dict[pair[0], pair[1]]),
        inner.map(lambda one: Optional[one]),  # noqa: UP045 - as people wrote it
        st.lists(inner, min_size=2, max_size=3).map(lambda some: Union[tuple(some)]),  # noqa: UP007 - of any number
        inner.map(lambda one: Annotated[list[one], Field(min_length=1, max_length=2)]),
    )


ANNOTATIONS = st.recursive(st.sampled_from([*SCALARS, *CLASSES, ANIMAL]), _nested, max_leaves=4)


@dataclasses.dataclass
class Published:
    """A callable of one parameter `x` that returns what it got, as a process."""

    annotation: Any

    def __post_init__(self) -> None:
        def run(x: Any) -> Any:
            return x

        run.__annotations__ = {"x": self.annotation, RETURN: self.annotation}
        inferred = infer(run)
        assert not inferred.unclear
        self.process = Process(
            id="run",
            version="1",
            callable="tools:run",
            fingerprint="",
            source="run.yaml",
            inputs={name: Input.model_validate(members) for name, members in inferred.inputs.items()},
            outputs={name: Output.model_validate(members) for name, members in inferred.outputs.items()},
        )
        self.reader = InputsReader(self.process)
        self.writer = OutputsWriter(self.process)
        self.conversion = Conversion(run)
        self.schema = self.process.inputs["x"].schema_
        assert schema_faults(self.schema) == []
        self.view = compile_schema(published(self.schema))

    def accepts(self, value: Any) -> bool:
        try:
            self.reader.read({"x": {"value": value}}, NO_REFERENCES)
        except Unreadable:
            return False
        return True

    def convert(self, value: Any) -> Any:
        """As a worker does. Raises Unreadable."""
        read = self.reader.read({"x": {"value": value}}, NO_REFERENCES)
        return self.conversion.arguments(read, lambda: Path("nowhere"))["x"]

    def check_returned(self, value: Any) -> None:
        for output in self.writer.encode(self.conversion.plain(value)):
            body = output.body.decode() if isinstance(output.body, bytes) else ""
            sent = body if output.kind == "text" else json.loads(body)
            schema = self.process.outputs[output.name].schema_
            assert compile_schema(schema).is_valid(sent)
            assert compile_schema(published(schema)).is_valid(sent)


EXAMPLES = int(os.environ.get("INFERENCE_EXAMPLES", "150"))
FEW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(data=st.data())
def test_what_fits_the_published_schema_converts_and_is_returned_so_that_it_fits(data: st.DataObject) -> None:
    run = Published(data.draw(ANNOTATIONS))
    values = fitting(run.schema, run.schema)
    value = orjson.loads(orjson.dumps(data.draw(st.one_of(values, changed(values), ANY_JSON))))
    event("fits" if run.accepts(value) else "does not fit")
    if not run.accepts(value):
        assert not compile_schema(run.schema).is_valid(value)
        return
    assert run.view.is_valid(value)
    run.check_returned(run.convert(value))


the_process = cache(Published)

ZONES = st.sampled_from([datetime.UTC, datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))])
MANY_DAYS = datetime.timedelta(days=10**6)
SENT = {
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**64 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=9),
    Decimal: st.decimals(-(10**30), 10**30, allow_nan=False),
    datetime.date: st.dates(),
    datetime.datetime: st.datetimes(timezones=ZONES),
    NaiveDatetime: st.datetimes(),
    datetime.time: st.times(timezones=st.none() | ZONES),
    datetime.timedelta: st.timedeltas(-MANY_DAYS, MANY_DAYS),
    uuid.UUID: st.uuids(),
    Share: st.sampled_from(Share),
    dict[Size, Colour]: st.dictionaries(st.sampled_from(Size), st.sampled_from(Colour)),
    dict[int, bool]: st.dictionaries(st.integers(-(10**17), 10**17), st.booleans()),
    dict[bool, datetime.date]: st.dictionaries(st.booleans(), st.dates()),
    tuple[datetime.date, set[Decimal]]: st.tuples(st.dates(), st.sets(st.decimals(-9, 9, places=2))),
    Data: st.builds(Data, when=st.dates()),
    Closed: st.builds(Closed, count=st.integers(0, 9), pause=st.timedeltas(-MANY_DAYS, MANY_DAYS)),
    Named: st.builds(Named, at=st.times()),
}
RETURNED = {
    **SENT,
    int: st.integers(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    datetime.datetime: st.datetimes(timezones=st.none() | ZONES),
    datetime.timedelta: st.timedeltas(),
    Aliased: st.builds(Aliased, theFirst=st.decimals(-9, 9, places=2), Second=st.none() | st.floats(-9, 9)),
    list[Aliased]: st.lists(
        st.builds(Aliased, theFirst=st.decimals(-9, 9, places=2), Second=st.floats(-9, 9)), max_size=2
    ),
}


@pytest.mark.parametrize("annotation", SENT)
@settings(FEW, max_examples=max(EXAMPLES // 10, 10))
@given(data=st.data())
def test_a_value_of_the_type_can_be_sent_and_arrives_as_it_was(annotation: Any, data: st.DataObject) -> None:
    value = data.draw(SENT[annotation])
    sent = json.loads(to_json(TypeAdapter(annotation).dump_python(value, mode="json")))
    assert the_process(annotation).convert(sent) == value


@pytest.mark.parametrize("annotation", RETURNED)
@settings(FEW, max_examples=max(EXAMPLES // 10, 10))
@given(data=st.data())
def test_a_value_of_the_type_can_be_returned(annotation: Any, data: st.DataObject) -> None:
    the_process(annotation).check_returned(data.draw(RETURNED[annotation]))


BYTES = st.binary(max_size=3)
HELD = st.builds(Held, name=BYTES, note=st.none() | BYTES)
HOLDING = {
    Holder: st.builds(
        Holder, st.lists(HELD, max_size=2), st.dictionaries(st.text(max_size=2), BYTES | st.integers(0, 9))
    ),
    list[Holder]: st.lists(st.builds(Holder, st.lists(HELD, max_size=2)), max_size=2),
    dict[str, bytes]: st.dictionaries(st.text(max_size=2), BYTES),
    set[bytes]: st.sets(BYTES, max_size=2),
    tuple[bytes, Held]: st.tuples(BYTES, HELD),
}


def as_base64(value: Any) -> Any:
    """As a client writes it."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case list() | set() | tuple():
            return [as_base64(item) for item in value]
        case dict():
            return {name: as_base64(member) for name, member in value.items()}
        case Held() | Holder():
            return {name: as_base64(member) for name, member in vars(value).items()}
        case _:
            return value


@pytest.mark.parametrize("annotation", HOLDING)
@settings(FEW, max_examples=max(EXAMPLES // 10, 10))
@given(data=st.data())
def test_bytes_anywhere_in_a_value_travel_as_base64(annotation: Any, data: st.DataObject) -> None:
    value = data.draw(HOLDING[annotation])
    process = the_process(annotation)
    assert process.convert(as_base64(value)) == value
    returned = process.conversion.plain(value)
    written = {output.name: json.loads(bytes(output.body)) for output in process.writer.encode(returned)}  # type: ignore[arg-type]
    assert written == (as_base64(value) if annotation is Holder else {"result": as_base64(value)})
    process.check_returned(value)


class Refining(BaseModel):
    model_config = ConfigDict(val_json_bytes="hex", ser_json_bytes="hex")
    name: bytes


@pytest.mark.parametrize(("annotation", "sent"), [(Refining, {"name": "ff"}), (list[Base64UrlBytes], ["_w=="])])
def test_an_author_who_says_how_bytes_are_written_is_followed(annotation: Any, sent: Any) -> None:
    process = the_process(dict[str, annotation])
    assert process.conversion.plain(process.convert({"x": sent})) == {"x": sent}


def test_models_are_as_before_after_their_bytes_were_looked_at() -> None:
    the_process(list[Held])
    assert Held.model_validate_json('{"name": "/w=="}').name == b"/w=="
    assert Held.__pydantic_complete__


REFUSED = object()
AT_THE_EDGES = [
    (int, 1e300, int(1e300)),
    (list[int | None], [1.0, 1.8446744073709552e19], [1, 18446744073709551616]),
    (int, True, REFUSED),
    (int, "1", REFUSED),
    (bool, 1, REFUSED),
    (float, "1", REFUSED),
    (Literal[1], 1.0, 1),
    (Literal[1], True, REFUSED),
    (Size, 2.0, Size.LARGE),
    (Size, "2", REFUSED),
    (Share, 1, Share.WHOLE),
    (Share | None, None, None),
    (int | None, None, None),
    (int, None, REFUSED),
    (set[int], [1, 1.0], REFUSED),
    (set[Size], [1, 2], {Size.SMALL, Size.LARGE}),
    (tuple[int, str], [1], REFUSED),
    (tuple[int, str], [1, "a", 2], REFUSED),
    (Decimal, "1.50", Decimal("1.50")),
    (Decimal, 1.5, Decimal("1.5")),
    (Decimal, "NaN", REFUSED),
    (Annotated[Decimal, Field(ge=1)], "0", REFUSED),
    (Annotated[Decimal, Field(ge=1)], 1.5, Decimal("1.5")),
    (Annotated[Decimal, Field(max_digits=4, decimal_places=2)], "123.4", REFUSED),
    (Annotated[Decimal, Field(max_digits=4, decimal_places=2)], 0.125, REFUSED),
    (datetime.date, "0000-01-01", REFUSED),
    (datetime.datetime, "2016-12-31T23:59:60Z", REFUSED),
    (datetime.datetime, "2020-01-01t00:00:00z", datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)),
    (NaiveDatetime, "2020-01-01T00:00:00Z", REFUSED),
    (NaiveDatetime, "2023-02-29T00:00:00", REFUSED),
    (datetime.time, "03:04", datetime.time(3, 4)),
    (datetime.time, "23:59:60", REFUSED),
    (datetime.timedelta, "PT0.5S", datetime.timedelta(seconds=0.5)),
    (datetime.timedelta, "PT", REFUSED),
    (datetime.timedelta, "P99999999999D", REFUSED),
    (datetime.date | str, "2020-01-01", datetime.date(2020, 1, 1)),
    (str | datetime.date, "2020-01-01", "2020-01-01"),
    (dict[int, str], {"1": "a"}, {1: "a"}),
    (dict[int, str], {"a": "a"}, REFUSED),
    (dict[Size, str], {"1": "a"}, {Size.SMALL: "a"}),
    (Closed, {"count": 1}, Closed(count=1)),
    (Closed, {"count": 1, "more": 1}, REFUSED),
    (Typed, {"size": 1, "more": 1}, {"size": Size.SMALL}),
    (Aliased, {"theFirst": "1"}, Aliased(theFirst=Decimal(1))),
    (Aliased, {"first": "1"}, REFUSED),
    (ANIMAL, {"kind": "dog", "weight": 1}, Dog(kind="dog", weight=1)),
    (ANIMAL, {"kind": "dog", "lives": 9}, REFUSED),
    (Node, {"name": "a", "below": [{"name": "b", "below": [{"name": "c"}]}]}, None),
    (Node, {"name": "a", "below": [{"name": "b", "below": [{"nam": "c"}]}]}, REFUSED),
    (Strict, {"ident": str(uuid.UUID(int=1)), "when": "2020-01-01T00:00:00Z"}, None),
    (Annotated[str, StringConstraints(to_upper=True)], "a", "A"),
    (Annotated[str, AfterValidator(str.title)], "a", "A"),
]


@pytest.mark.parametrize(("annotation", "value", "expected"), AT_THE_EDGES)
def test_at_the_edges_schema_and_type_agree(annotation: Any, value: Any, expected: Any) -> None:
    run = Published(annotation)
    if expected is REFUSED:
        assert not run.accepts(value)
        return
    arrived = run.convert(value)
    assert expected is None or arrived == expected
    if expected is not None:
        assert type(arrived) is type(expected)
