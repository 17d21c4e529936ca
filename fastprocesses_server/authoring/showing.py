"""Outputs as a command shows them: on standard output, or as files in a folder."""

import base64
import json
import mimetypes
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from ..errors import StartError
from ..execution.media_type import Kind
from ..execution.outputs import EncodedOutput
from ..processes.quantities import as_text
from .trial import content_of, size, value_of

ENDINGS = {"application/geo+json": ".geojson", "application/json": ".json", "text/plain": ".txt"}


def ready_folder(folder: Path) -> None:
    """Before anything runs whose outputs it is to hold. Raises StartError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(path: Path, error: OSError) -> StartError:
    return StartError(f"{path}: cannot be written: {error.strerror}; --output names a folder")


def save(outputs: Iterable[EncodedOutput], folder: Path) -> list[Path]:
    """Each as a file, under the name that its author gave it, or that of the output.

    Raises StartError where one cannot be written.
    """
    paths: list[Path] = []
    for output in outputs:
        path = folder / (Path(output.filename).name if output.filename else _filename(output))
        if path in paths:
            path = folder / f"{quote(output.name, safe='')}-{path.name}"
        try:
            _write(output.body, path)
        except OSError as error:
            raise _unwritable(path, error) from None
        paths.append(path)
    return paths


def _write(body: bytes | Path, path: Path) -> None:
    if isinstance(body, bytes):
        path.write_bytes(body)
    else:
        shutil.copyfile(body, path)


def _filename(output: EncodedOutput) -> str:
    essence = output.media_type.partition(";")[0].strip().lower()
    ending = ENDINGS.get(essence) or mimetypes.guess_extension(essence) or ""
    return quote(output.name, safe="") + ending


def show(outputs: Sequence[EncodedOutput], stream: BinaryIO, *, is_terminal: bool) -> list[str]:
    """A single output as itself, several as a JSON document; what is not for a terminal is told in lines instead."""
    hidden = [output for output in outputs if is_terminal and output.kind is Kind.BINARY]
    shown = [output for output in outputs if output not in hidden]
    if len(outputs) == 1 and shown:
        stream.write(_single(shown[0], is_terminal=is_terminal))
    elif shown:
        stream.write(_json({output.name: _member(output) for output in shown}, is_terminal=is_terminal))
    stream.flush()
    return [
        f"{output.name}: {output.media_type}, {as_text(size(output))}, not shown on a terminal; --output DIR saves it"
        for output in hidden
    ]


def _single(output: EncodedOutput, *, is_terminal: bool) -> bytes:
    match output.kind:
        case Kind.JSON:
            return _json(value_of(output), is_terminal=is_terminal)
        case Kind.TEXT:
            content = content_of(output)
            return content if content.endswith(b"\n") else content + b"\n"
        case Kind.BINARY:
            return content_of(output)


def _member(output: EncodedOutput) -> Any:
    value = value_of(output)
    if not isinstance(value, bytes):
        return value
    return {"value": base64.b64encode(value).decode(), "encoding": "base64", "mediaType": output.media_type}


def _json(value: Any, *, is_terminal: bool) -> bytes:
    """Integers of any size are shown as they are."""
    text = json.dumps(value, ensure_ascii=False, **({"indent": 2} if is_terminal else {"separators": (",", ":")}))
    return f"{text}\n".encode()
