"""Outputs as the client is shown them: table 1b of the standard, as plain data."""

import base64
import codecs
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from secrets import token_hex

import orjson

from ..processes.description import Process, TransmissionMode
from .media_type import JSON, TEXT, Kind, alternatives, kind_of, media_type_of, normalised
from .outputs import StoredOutput
from .request import Execution, RequestedOutput, ResponseType

CHUNK = 3 * 2**18
"""Bytes read at once; a multiple of three, so that base64 of the pieces is base64 of the whole."""


class Form(StrEnum):
    """How a file stands within an answer: as it is, or as what lies between the quotes of a JSON string."""

    PLAIN = "plain"
    BASE64 = "base64"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file within an answer. It is read piece by piece."""

    path: Path
    size: int
    form: Form = Form.PLAIN

    def read(self) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with self.path.open("rb") as file:
            while piece := file.read(CHUNK):
                match self.form:
                    case Form.PLAIN:
                        yield piece
                    case Form.BASE64:
                        yield base64.b64encode(piece)
                    case Form.TEXT:
                        yield orjson.dumps(decoder.decode(piece))[1:-1]

    @property
    def length(self) -> int | None:
        """Bytes as sent; of text nobody knows before it is read."""
        match self.form:
            case Form.PLAIN:
                return self.size
            case Form.BASE64:
                return -(-self.size // 3) * 4
            case Form.TEXT:
                return None


@dataclass(frozen=True, slots=True)
class Results:
    """An answer in terms of HTTP, but of no framework. `etag` and `filename` are those of a single output."""

    status: int
    media_type: str | None = None
    parts: tuple[bytes | FilePart, ...] = ()
    links: tuple[Mapping[str, str], ...] = ()
    filename: str | None = None
    etag: str | None = None

    @property
    def length(self) -> int | None:
        lengths = [len(part) if isinstance(part, bytes) else part.length for part in self.parts]
        return None if None in lengths else sum(filter(None, lengths))


Outputs = Mapping[str, StoredOutput]


class Presenter:
    """Presents outputs of one job; `url_of` gives the address of an output, `folder` holds the files."""

    def __init__(self, folder: Path, url_of: Callable[[str], str]) -> None:
        self.folder = folder
        self.url_of = url_of

    def present(self, execution: Execution, outputs: Outputs) -> Results:
        """The answer to the request, the same for a sync run and for `GET /jobs/{id}/results`."""
        asked = [output for output in execution.outputs if output.name in outputs]
        outputs = {output.name: _as_asked(output, outputs[output.name], execution.process) for output in asked}
        if execution.response == ResponseType.DOCUMENT:
            return self._document(asked, outputs)
        if all(output.transmission == TransmissionMode.REFERENCE for output in asked):
            return Results(204, links=tuple(self._link(outputs[output.name]) for output in asked))
        if len(execution.outputs) == 1:
            return self.single(outputs[asked[0].name])
        return self._multipart(asked, outputs)

    def output(self, execution: Execution | None, output: StoredOutput) -> Results:
        """One output as itself, under the media type that the execution asked for."""
        asked = [a for a in execution.outputs if a.name == output.name] if execution else []
        return self.single(_as_asked(asked[0], output, execution.process) if execution and asked else output)

    def single(self, output: StoredOutput) -> Results:
        """One output as itself."""
        body = self._body(output, Form.PLAIN)
        return Results(200, output.media_type, (body,), filename=output.filename, etag=f'"{output.sha256}"')

    def _body(self, output: StoredOutput, form: Form) -> bytes | FilePart:
        if output.body is None:
            return FilePart(self.folder / str(output.file), output.size, form)
        match form:
            case Form.PLAIN:
                return output.body
            case Form.BASE64:
                return base64.b64encode(output.body)
            case Form.TEXT:
                return orjson.dumps(output.body.decode("utf-8", errors="replace"))[1:-1]

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
        qualities = orjson.dumps({"mediaType": output.media_type})[1:]
        match output.kind:
            case Kind.BINARY:
                body = self._body(output, Form.BASE64)
                return [b'{"value":"', body, b'","encoding":"base64",' + qualities]
            case Kind.TEXT if output.media_type == TEXT:
                return [b'"', self._body(output, Form.TEXT), b'"']
            case Kind.TEXT:
                return [b'{"value":"', self._body(output, Form.TEXT), b'",' + qualities]
            case Kind.JSON:
                body = self._body(output, Form.PLAIN)
                return [b'{"value":', body, b"," + qualities] if _is_object(body) else [body]

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
            parts += [
                f"--{boundary}\r\n{lines}\r\n".encode(),
                b"" if by_reference else self._body(stored, Form.PLAIN),
                b"\r\n",
            ]
        parts.append(f"--{boundary}--\r\n".encode())
        root = outputs[asked[0].name].media_type
        return Results(200, f'multipart/related; boundary={boundary}; type="{root}"', _joined(parts))


def _as_asked(asked: RequestedOutput, output: StoredOutput, process: Process) -> StoredOutput:
    """Under the media type that the client chose, where the value may be of that type: nothing is converted."""
    if asked.media_type is None or asked.name not in process.outputs:
        return output
    members = alternatives(process.outputs[asked.name].schema_)
    chosen = next((m for m in members if normalised(media_type_of(m)) == normalised(asked.media_type)), None)
    if chosen is None or kind_of(chosen) != output.kind:
        return output
    return replace(output, media_type=media_type_of(chosen))


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
