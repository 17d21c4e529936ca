"""What the page of a process needs beside its description: the fields of the form, and what fills and sends it."""

from collections.abc import Mapping
from typing import Any

import orjson

from ..execution.media_type import alternatives, media_type_of
from ..processes.description import JobControlOption, Process
from .controls import fields
from .credentials import KEY_HEADER

LARGEST_EXAMPLE = 64 * 1024
"""Bytes of its inputs, over which an example does not stand in the page."""


def form_facts(process: Process, default_mode: str) -> dict[str, Any]:
    """`prefer` is the header `Prefer` for each way to run: of two, one is what the server does without."""
    sizes = {name: len(orjson.dumps(example.inputs)) for name, example in process.examples.items()}
    return {
        "fields": fields(process),
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


def _media_types(schema: Mapping[str, Any]) -> list[str]:
    """Those among which a request can choose; none where there is one."""
    offered = list(dict.fromkeys(media_type_of(member) for member in alternatives(dict(schema))))
    return offered if len(offered) > 1 else []
