"""A type as its values travel in JSON: as pydantic has them, but `bytes` anywhere in it as base64.

Pydantic would send them as text, which not all of them are, and models cannot be told otherwise from outside.
"""

import base64
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ImportString, TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator, core_schema

from .type_schemas import IS_BASE64, TypeSchemas

NO_SCHEMAS = frozenset(["cls", "config", "default", "expected", "function", "members", "metadata", "serialization"])
"""Where the members of a core schema hold something else."""

IMPORT: Any = TypeAdapter(ImportString).core_schema
"""Of a type whose values are imported by their dotted paths."""


class JsonType:
    """Made from an annotation; raises what pydantic raises, or the author's class."""

    def __init__(self, annotation: Any) -> None:
        adapter = TypeAdapter(annotation)
        classes: list[type] = []
        self.core: CoreSchema = _with_base64(adapter.core_schema, classes)
        self._validate, self._serialize = adapter.validator.validate_json, adapter.serializer.to_python
        if self.core != adapter.core_schema:
            with _built_anew(classes):
                self._validate = SchemaValidator(self.core).validate_json
                self._serialize = SchemaSerializer(self.core).to_python

    @property
    def holds_paths(self) -> bool:
        """Whether its values name files of the machine that reads them."""
        return _holds_paths(self.core)

    @property
    def holds_imports(self) -> bool:
        """Whether its values say what is imported by who reads them."""
        return _holds_imports(self.core)

    def schema(self, mode: JsonSchemaMode) -> dict[str, Any]:
        return TypeSchemas().generate(self.core, mode)

    def from_json(self, text: bytes) -> Any:
        """Raises ValidationError."""
        return self._validate(text)

    def to_json(self, value: Any) -> Any:
        """What JSON can hold, as far as the type helps with that. Raises ValueError and TypeError."""
        return self._serialize(value, mode="json", by_alias=True, warnings=False, fallback=simpler)


def simpler(value: Any) -> Any:
    """What numpy, shapely and the like hold, in types of Python's own. Raises TypeError."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "__geo_interface__"):
        return value.__geo_interface__
    raise TypeError(f"a {type(value).__name__} is not JSON")


def _holds_paths(schema: Any) -> bool:
    if isinstance(schema, list | tuple):
        return any(map(_holds_paths, schema))
    if not isinstance(schema, dict):
        return False
    if schema.get("type") == "is-instance":
        return isinstance(schema["cls"], type) and issubclass(schema["cls"], os.PathLike)
    return any(_holds_paths(member) for name, member in schema.items() if name not in NO_SCHEMAS)


def _holds_imports(schema: Any) -> bool:
    if isinstance(schema, list | tuple):
        return any(map(_holds_imports, schema))
    if not isinstance(schema, dict):
        return False
    if schema.get("function") == IMPORT["function"]:
        return True
    return any(_holds_imports(member) for name, member in schema.items() if name not in NO_SCHEMAS)


def _with_base64(schema: Any, classes: list[type]) -> Any:
    """Where an author says how bytes are written, that stays.

    `classes` gets all within: any may refer to a changed one.
    """
    if isinstance(schema, list | tuple):
        return type(schema)(_with_base64(item, classes) for item in schema)
    if not isinstance(schema, dict) or _is_the_authors(schema):
        return schema
    if schema.get("type") == "bytes":
        return _base64(schema)
    changed = {name: member if name in NO_SCHEMAS else _with_base64(member, classes) for name, member in schema.items()}
    if schema.get("type") in {"model", "dataclass"}:
        classes.append(schema["cls"])
    return changed


def _is_the_authors(schema: dict[str, Any]) -> bool:
    kind, config = str(schema.get("type")), schema.get("config") or {}
    says_how = "serialization" in schema and (kind == "bytes" or kind.startswith("function-"))
    return says_how or bool(schema.get("custom_init")) or not {"val_json_bytes", "ser_json_bytes"}.isdisjoint(config)


def _base64(schema: dict[str, Any]) -> dict[str, Any]:
    marked = {**schema, "metadata": {**schema.get("metadata", {}), IS_BASE64: True}}
    return {
        **core_schema.no_info_before_validator_function(_decoded, marked),
        "serialization": core_schema.plain_serializer_function_ser_schema(_encoded, when_used="json"),
    }


def _decoded(value: Any) -> Any:
    return base64.b64decode("".join(value.split()), validate=True) if isinstance(value, str) else value


def _encoded(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes | bytearray | memoryview) else value


@contextmanager
def _built_anew(classes: Iterable[type]) -> Iterator[None]:
    """Validators of models that are complete would be taken as they are, without the changes within."""
    complete = [cls for cls in classes if cls.__dict__.get("__pydantic_complete__")]
    for cls in complete:
        cls.__pydantic_complete__ = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for cls in complete:
            cls.__pydantic_complete__ = True  # type: ignore[attr-defined]
