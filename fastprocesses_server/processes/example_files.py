"""`{$file: …}` and `{$resource: …}` in examples, replaced by what the files hold.

What is named `….json` or `….geojson` is the value itself, other text is a string, anything else base64 text;
of a name that ends in `.gz`, the content and the name before it count.
"""

import base64
import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from .complaints import DescriptionErrors, FileComplaint
from .description_file import DescriptionFile
from .document import Document
from .positions import Where


def with_files(document: Document, file: DescriptionFile) -> DescriptionFile:
    """The examples with the content in place. Raises DescriptionErrors with every file that cannot be had."""
    folder = document.path.parent
    contents: dict[Where, Any] = {}
    complaints: list[FileComplaint] = []
    for name, example in file.examples.items():
        for side in ("inputs", "outputs"):
            for where, mark in _marks(getattr(example, side), ("examples", name, side)):
                try:
                    contents[where] = _content(mark, folder)
                except (OSError, ValueError, EOFError, zlib.error) as error:
                    (file_name,) = mark.values()
                    complaints.append(document.complaint(where, f"{file_name}: {_reason(error)}"))
    if complaints:
        raise DescriptionErrors(complaints)
    examples = {
        name: example.model_copy(
            update={
                side: _replaced(getattr(example, side), ("examples", name, side), contents)
                for side in ("inputs", "outputs")
            }
        )
        for name, example in file.examples.items()
    }
    return file.model_copy(update={"examples": examples})


def named_files(document: Document) -> Iterator[Path]:
    """Those that the examples have their content from."""
    for _, mark in _marks(document.data.get("examples"), ()):
        ((kind, name),) = mark.items()
        if isinstance(name, str):
            yield _path(kind, name, document.path.parent)


def _marks(value: Any, where: Where) -> Iterator[tuple[Where, dict[str, Any]]]:
    match value:
        case {"$file": _} | {"$resource": _} if len(value) == 1:
            yield where, value
        case dict():
            for name, member in value.items():
                yield from _marks(member, (*where, name))
        case list():
            for index, item in enumerate(value):
                yield from _marks(item, (*where, index))


def _replaced(value: Any, where: Where, contents: dict[Where, Any]) -> Any:
    if where in contents:
        return contents[where]
    match value:
        case dict():
            return {name: _replaced(member, (*where, name), contents) for name, member in value.items()}
        case list():
            return [_replaced(item, (*where, index), contents) for index, item in enumerate(value)]
        case _:
            return value


def _content(mark: dict[str, Any], folder: Path) -> Any:
    ((kind, name),) = mark.items()
    if not isinstance(name, str):
        raise ValueError("this must be the name of a file")
    path = _path(kind, name, folder)
    content = path.read_bytes()
    if path.suffix == ".gz":
        path, content = path.with_suffix(""), gzip.decompress(content)
    if path.suffix.endswith("json"):
        return json.loads(content)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return base64.b64encode(content).decode()


def _path(kind: str, name: str, folder: Path) -> Path:
    return folder / name if kind == "$file" else _resource(name, folder)


def _resource(name: str, folder: Path) -> Path:
    """Found without an import: authors' packages are not run for the sake of a file in them."""
    package, colon, rest = name.partition(":")
    if not colon:
        raise ValueError("write package:path")
    top, *below = package.split(".")
    spec = PathFinder.find_spec(top, [*sys.path, str(folder)])
    roots = (spec and spec.submodule_search_locations) or ()
    places = [Path(root).joinpath(*below, rest) for root in roots]
    if not places:
        raise ValueError(f"there is no package {top}")
    return next((place for place in places if place.exists()), places[0])


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"the file cannot be read: {error.strerror}"
    return f"this is no JSON: {error}" if isinstance(error, json.JSONDecodeError) else str(error)
