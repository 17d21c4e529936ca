"""The annotations of a callable: what they mean as types, as schemas, and for the values that pass through."""

import dataclasses
import inspect
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

import typing_extensions
from pydantic import BaseModel, Field, RootModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaMode, WithJsonSchema
from pydantic_core import PydanticUndefined, to_json

from .json_type import JsonType

RETURN = "return"
BINARY = {"type": "string", "contentEncoding": "binary", "contentMediaType": "application/octet-stream"}
OF_BINARY = frozenset(["type", "format", "contentEncoding", "pattern", "default"])
"""Keywords that say of text what is said already, or what is no base64."""

GEOJSON = {"type": "object", "contentMediaType": "application/geo+json"}
"""What `__geo_interface__` leads to."""

PATHS_WITHIN: dict[JsonSchemaMode, str] = {
    "validation": "would let clients name files of the server, as a Path is a file only alone or in a list",
    "serialization": "would tell clients where files of the server lie, as a Path is a file only as a whole output",
}


class NoSchema(Exception):
    """No schema follows from an annotation; the text continues a sentence that begins with its name."""


class Annotations:
    """Those of one callable, evaluated: by parameter, and under `return`. The rest is in `unknown`, as written."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.known: dict[str, Any] = {}
        self.unknown: dict[str, str] = {}
        signature = inspect.signature(function)
        for name, annotation in _written(function, signature).items():
            try:
                self.known[name] = _evaluated(annotation, _namespace(function))
            except Exception:  # noqa: BLE001 - an annotation may be any expression of the author's
                self.unknown[name] = str(annotation)
        for name, parameter in signature.parameters.items():
            if name in self.known and isinstance(parameter.default, FieldInfo):
                self.known[name] = _with_field(self.known[name], parameter.default)


def parameters_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """By name, with the defaults of pydantic's fields; one that is made anew for each call stays the field.

    Raises:
        ValueError: Python cannot tell, as of some C functions.
    """
    parameters = inspect.signature(function).parameters
    return {name: parameter.replace(default=_default(parameter.default)) for name, parameter in parameters.items()}


def _default(default: Any) -> Any:
    """`Field(ge=1)` and `...` are no defaults."""
    is_made = isinstance(default, FieldInfo) and default.default_factory is not None
    given = default.default if isinstance(default, FieldInfo) and not is_made else default
    return inspect.Parameter.empty if given is ... or given is PydanticUndefined else given


def _written(function: Callable[..., Any], signature: inspect.Signature) -> dict[str, Any]:
    annotations = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    annotations[RETURN] = function if inspect.isclass(function) else signature.return_annotation
    return {name: annotation for name, annotation in annotations.items() if annotation is not inspect.Signature.empty}


def _namespace(function: Any) -> dict[str, Any]:
    """Where the names in annotations come from."""
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function)
    if not hasattr(function, "__globals__"):
        function = function.__init__ if inspect.isclass(function) else type(function).__call__
    return getattr(function, "__globals__", {})


def _evaluated(annotation: Any, namespace: dict[str, Any]) -> Any:
    holder = types.SimpleNamespace(__annotations__={RETURN: annotation})
    return get_type_hints(holder, globalns=namespace, include_extras=True)[RETURN]


def without_none(annotation: Any) -> tuple[Any, bool]:
    """`X` of `X | None`, and whether None was there."""
    if get_origin(annotation) is Annotated:
        inner, was_there = without_none(get_args(annotation)[0])
        return Annotated[(inner, *annotation.__metadata__)], was_there
    if get_origin(annotation) not in {Union, types.UnionType}:
        return annotation, False
    rest = [member for member in get_args(annotation) if member is not types.NoneType]
    return (reduce(or_, rest), len(rest) < len(get_args(annotation))) if rest else (annotation, False)


def binary_type(annotation: Any) -> type | None:
    """`bytes` or `Path`, where values of the annotation are binary."""
    plain, _ = without_none(annotation)
    plain = get_args(plain)[0] if get_origin(plain) is Annotated else plain
    return plain if isinstance(plain, type) and issubclass(plain, bytes | Path) else None


def text_of(annotation: Any) -> str | None:
    """`Annotated[float, "Distance in metres"]` says what a value means."""
    said = annotation.__metadata__ if get_origin(annotation) is Annotated else ()
    return next((text for text in said if isinstance(text, str)), None)


def item_of(annotation: Any) -> Any:
    """Of a list, what it holds; None of anything else."""
    plain, _ = without_none(annotation)
    return get_args(plain)[0] if get_origin(plain) is list else None


def fields_of(annotation: Any) -> Mapping[str, Any] | None:
    """Of a type with fields, their annotations by name; not of one that an annotation says more of, as of `BBox`."""
    if not isinstance(annotation, type) or issubclass(annotation, RootModel):
        return None
    if issubclass(annotation, BaseModel):
        return {name: _with_field(field.annotation, field) for name, field in annotation.model_fields.items()}
    if not _has_fields(annotation):
        return None
    try:
        hints = get_type_hints(annotation, include_extras=True)
    except Exception:  # noqa: BLE001 - an annotation may be any expression of the author's
        return None
    if dataclasses.is_dataclass(annotation):
        return {field.name: hints[field.name] for field in dataclasses.fields(annotation)}
    return hints


def _has_fields(annotation: type) -> bool:
    is_named_tuple = issubclass(annotation, tuple) and hasattr(annotation, "_fields")
    return is_named_tuple or dataclasses.is_dataclass(annotation) or typing_extensions.is_typeddict(annotation)


def _with_field(annotation: Any, field: FieldInfo) -> Any:
    """Without its default and its alias, which only a model can have."""
    texts = Field(
        title=field.title,
        description=field.description,
        discriminator=field.discriminator,
        json_schema_extra=field.json_schema_extra,
    )
    return Annotated[(annotation, *field.metadata, texts)]


def schema_of(annotation: Any, mode: JsonSchemaMode) -> dict[str, Any]:
    """JSON Schema 2020-12 of the values as they are sent (`validation`) or returned (`serialization`).

    Raises:
        NoSchema: there is none, or it would allow anything.
    """
    if binary_type(annotation):
        extra = JsonType(annotation).schema(mode) if get_origin(annotation) is Annotated else {}
        return {**BINARY, **{name: value for name, value in extra.items() if name not in OF_BINARY}}
    if mode == "serialization" and hasattr(annotation, "__geo_interface__"):
        return GEOJSON
    try:
        json_type = _json_type(annotation)
        schema = json_type.schema(mode)
    except Exception as error:  # noqa: BLE001 - of pydantic, or of what the author's classes say of themselves
        raise NoSchema(_no_schema(annotation, error)) from None
    if json_type.holds_paths:
        raise NoSchema(f"{PATHS_WITHIN[mode]}: {inspect.formatannotation(annotation)}")
    if json_type.holds_imports and mode == "validation":
        raise NoSchema(f"would let clients say what is imported: {inspect.formatannotation(annotation)}")
    if not schema:
        raise NoSchema(f"may be anything: {inspect.formatannotation(annotation)}")
    return schema


def _no_schema(annotation: Any, error: Exception) -> str:
    written = inspect.formatannotation(annotation)
    if getattr(error, "code", None) == "typed-dict-version":
        return f"needs the TypedDict of typing_extensions, not of typing, before Python 3.12: {written}"
    return f"has an annotation that says nothing about JSON: {written}"


def _json_type(annotation: Any) -> JsonType:
    return JsonType(_portable(annotation))


def _portable(annotation: Any) -> Any:
    """In types that pydantic knows: no `Iterator`, and before Python 3.12 no TypedDict of the standard library."""
    if (
        sys.version_info < (3, 12)
        and type(annotation).__module__ == "typing"
        and typing_extensions.is_typeddict(annotation)
    ):
        keys: frozenset[str] = annotation.__required_keys__
        hints = get_type_hints(annotation, include_extras=True)
        fields = {name: _mark(hint, is_required=name in keys)[_portable(hint)] for name, hint in hints.items()}
        return typing_extensions.TypedDict(annotation.__name__, fields)  # type: ignore[operator]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(_portable(arguments[0]), *annotation.__metadata__)]
    if origin in {Required, NotRequired}:
        return _portable(arguments[0])
    if origin in {Union, types.UnionType}:
        return Union[tuple(map(_portable, arguments))]  # noqa: UP007 - of any number
    if origin in {None, Literal} or not arguments:
        return annotation
    return (Iterable if origin is Iterator else origin)[tuple(map(_portable, arguments))]


def _mark(hint: Any, *, is_required: bool) -> Any:
    """What the hint says wins: Python could not read it where annotations are text."""
    return get_origin(hint) if get_origin(hint) in {Required, NotRequired} else Required if is_required else NotRequired


class Converter:
    """Values of one annotation: from what JSON holds to what the callable is written for, and back."""

    def __init__(self, annotation: Any) -> None:
        self.type = None if _is_json(annotation) else _json_type_or_none(annotation)

    def convert(self, value: Any) -> Any:
        """As from JSON, where a date can only be text: what is strict takes it too, and of `date | str` the date comes.

        Raises:
            ValidationError: for what no schema can say.
        """
        if self.type is None:
            return value
        try:
            return self.type.from_json(to_json(value))
        except ValidationError:  # JSON does not tell 2.0 from 2, and knows no size of integers; types do
            return self.type.from_json(to_json(_with_integers(value)))

    def plain(self, value: Any) -> Any:
        """What JSON can hold, as far as the annotation helps with that."""
        if self.type is None:
            return value
        try:
            return self.type.to_json(value)
        except (ValueError, TypeError):  # it is not what the annotation says; the schema will tell
            return value


def _with_integers(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_with_integers(item) for item in value]
        case dict():
            return {name: _with_integers(member) for name, member in value.items()}
        case _:
            return value


def _json_type_or_none(annotation: Any) -> JsonType | None:
    """None too where text that a client sent would become a path, or be imported."""
    try:
        json_type = _json_type(annotation)
        return None if json_type.holds_paths or json_type.holds_imports else json_type
    except Exception:  # noqa: BLE001 - of pydantic, or of what the author's classes say of themselves
        return None


def _is_json(annotation: Any) -> bool:
    """Whether its values are the same in JSON, so that large ones need not be looked through."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _is_json(arguments[0]) and all(
            isinstance(said, WithJsonSchema | str) for said in annotation.__metadata__
        )
    if origin in {list, dict}:
        return all(map(_is_json, arguments))
    return annotation in {list, dict, Any, object, str, bool}
