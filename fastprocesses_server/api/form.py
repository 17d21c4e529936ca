"""What the page of a process needs beside its description: the fields of the form, and what fills and sends it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from ..execution.media_type import alternatives, media_type_of
from ..processes.description import JobControlOption, Process
from .callers.credentials import KEY_HEADER
from .controls import Control, Field, Kind, fields

LARGEST_EXAMPLE = 64 * 1024
"""Bytes of its inputs, over which an example does not stand in the page."""

SCRIPTS = {
    Kind.TIME: "moments.js",
    Kind.DATE_TIME: "moments.js",
    Kind.ARRAY: "lists.js",
    Kind.MAP: "lists.js",
    Kind.OBJECT: "objects.js",
    Kind.CHOICE: "choices.js",
    Kind.BBOX: "boxes.js",
    Kind.GEOJSON: "geometries.js",
    Kind.BINARY: "binaries.js",
}
"""Of the controls that not every form has."""


def form_facts(process: Process, default_mode: str) -> dict[str, Any]:
    """`prefer` is the header `Prefer` for each way to run: of two, one is what the server does without."""
    sizes = {name: len(orjson.dumps(example.inputs)) for name, example in process.examples.items()}
    shown = fields(process)
    return {
        "fields": shown,
        "scripts": scripts(shown),
        "key_header": KEY_HEADER,
        "media_types": {name: _media_types(output.schema_) for name, output in process.outputs.items()},
        "examples": {
            name: {"title": example.title, "inputs": example.inputs}
            for name, example in process.examples.items()
            if sizes[name] <= LARGEST_EXAMPLE
        },
        "left_out": [name for name, size in sizes.items() if size > LARGEST_EXAMPLE],
        "prefer": {
            JobControlOption.SYNC_EXECUTE.value: "respond-sync" if default_mode == "async" else "",
            JobControlOption.ASYNC_EXECUTE.value: "respond-async",
        },
    }


def scripts(shown: Sequence[Field]) -> list[str]:
    """Those that the form needs, in the order in which they are run."""
    needed = {one.kind for field in shown for one in _within(field.control)}
    needed |= {Kind.ARRAY for field in shown if field.takes_many}
    return [*dict.fromkeys(script for kind, script in SCRIPTS.items() if kind in needed), "form.js"]


def _within(control: Control) -> Iterator[Control]:
    yield control
    for one in (*filter(None, [control.items]), *control.members.values(), *control.choices):
        yield from _within(one)


def _media_types(schema: Mapping[str, Any]) -> list[str]:
    """Those among which a request can choose; none where there is one."""
    offered = list(dict.fromkeys(media_type_of(member) for member in alternatives(dict(schema))))
    return offered if len(offered) > 1 else []
