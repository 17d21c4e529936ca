"""Outputs as the client is shown them: table 1b of the standard, as plain data."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import orjson

from ..processes.description import TransmissionMode
from .media_type import JSON, TEXT, Kind
from .outputs import StoredOutput
from .request import Execution, RequestedOutput, ResponseType

CHUNK = 3 * 2**18
"""Bytes read at once; a multiple of three, so that base64 of the pieces is base64 of the whole."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file within an answer, as it is or as a base64 string."""

    path: Path
    size: int
    as_base64: bool = False

    def read(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while piece := file.read(CHUNK):
                yield base64.b64encode(piece) if self.as_base64 else piece


@dataclass(frozen=True, slots=True)
class Results:
    """An answer in terms of HTTP, but of no framework. A single output that is a file can be sent as one."""

    status: int
    media_type: str | None = None
    parts: tuple[bytes | FilePart, ...] = ()
    links: tuple[Mapping[str, str], ...] = ()
    filename: str | None = None

    @property
    def size(self) -> int:
        return sum(
            len(part) if isinstance(part, bytes) else -(-part.size // 3) * 4 if part.as_base64 else part.size
            for part in self.parts
        )


Outputs = Mapping[str, StoredOutput]


class Presenter:
    """Presents outputs of one job; `url_of` gives the address of an output, `folder` holds the files."""

    def __init__(self, folder: Path, url_of: Callable[[str], str]) -> None:
        self.folder = folder
        self.url_of = url_of

    def present(self, execution: Execution, outputs: Outputs) -> Results:
        """The answer to the request, the same for a sync run and for `GET /jobs/{id}/results`."""
        asked = [output for output in execution.outputs if output.name in outputs]
        if execution.response == ResponseType.DOCUMENT:
            return self._document(asked, outputs)
        if all(output.transmission == TransmissionMode.REFERENCE for output in asked):
            return Results(204, links=tuple(self._link(outputs[output.name]) for output in asked))
        if len(execution.outputs) == 1:
            return self.single(outputs[asked[0].name])
        return self._multipart(asked, outputs)

    def single(self, output: StoredOutput) -> Results:
        """One output as itself."""
        return Results(200, output.media_type, (self._body(output),), filename=output.filename)

    def _body(self, output: StoredOutput, *, as_base64: bool = False) -> bytes | FilePart:
        if output.body is None:
            return FilePart(self.folder / str(output.file), output.size, as_base64)
        return base64.b64encode(output.body) if as_base64 else output.body

    def _link(self, output: StoredOutput) -> dict[str, str]:
        return {"href": self.url_of(output.name), "rel": "item", "type": output.media_type, "title": output.name}

    def _document(self, asked: Sequence[RequestedOutput], outputs: Outputs) -> Results:
        """results.yaml: a member for each output, its value, its qualified value or a link."""
        parts: list[bytes | FilePart] = [b"{"]
        for index, output in enumerate(asked):
            parts.append((b"," if index else b"") + orjson.dumps(output.name) + b":")
            if output.transmission == TransmissionMode.REFERENCE:
                parts.append(orjson.dumps(self._link(outputs[output.name])))
            else:
                parts += self._member(outputs[output.name])
        return Results(200, JSON, _joined([*parts, b"}"]))

    def _member(self, output: StoredOutput) -> list[bytes | FilePart]:
        """Scalars and arrays as they are; objects and what is not plain text as qualified values."""
        body = self._body(output, as_base64=output.kind == Kind.BINARY)
        if output.kind == Kind.BINARY:
            qualities = orjson.dumps({"mediaType": output.media_type, "encoding": "base64"})
            return [b'{"value":"', body, b'",' + qualities[1:]]
        if output.kind == Kind.TEXT:
            body = orjson.dumps(_as_bytes(body).decode("utf-8", errors="replace"))
        if output.media_type == TEXT or (output.kind == Kind.JSON and not _is_object(body)):
            return [body]
        return [b'{"value":', body, b',"mediaType":' + orjson.dumps(output.media_type) + b"}"]

    def _multipart(self, asked: Sequence[RequestedOutput], outputs: Outputs) -> Results:
        """RFC 2387; a part by reference is empty and says where its content is."""
        boundary = token_hex(16)
        parts: list[bytes | FilePart] = []
        for output in asked:
            stored = outputs[output.name]
            head = {"Content-Type": stored.media_type, "Content-ID": f"<{stored.name}>"}
            by_reference = output.transmission == TransmissionMode.REFERENCE
            if by_reference:
                head["Content-Location"] = self.url_of(stored.name)
            lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
            parts += [f"--{boundary}\r\n{lines}\r\n".encode(), b"" if by_reference else self._body(stored), b"\r\n"]
        parts.append(f"--{boundary}--\r\n".encode())
        root = outputs[asked[0].name].media_type
        return Results(200, f'multipart/related; boundary={boundary}; type="{root}"', _joined(parts))


def _as_bytes(body: bytes | FilePart) -> bytes:
    return body if isinstance(body, bytes) else body.path.read_bytes()


def _is_object(body: bytes | FilePart) -> bool:
    """Told by its first byte: what is kept as JSON begins without blanks, or came from an author's file."""
    start = body if isinstance(body, bytes) else next(body.read(), b"")
    return start.lstrip()[:1] == b"{"


def _joined(parts: Sequence[bytes | FilePart]) -> tuple[bytes | FilePart, ...]:
    """The same with neighbouring bytes in one piece."""
    joined: list[bytes | FilePart] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, bytes) and isinstance(last, bytes):
            joined[-1] = last + part
        else:
            joined.append(part)
    return tuple(joined)
