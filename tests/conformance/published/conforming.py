"""Callables that tell what reached them."""

import base64
from pathlib import Path
from typing import Any


def receive(**inputs: Any) -> dict[str, Any]:
    return {"received": {name: _told(value) for name, value in inputs.items()}}


def _told(value: Any) -> Any:
    """JSON of a value; bytes, and files, as `{"base64": …}`."""
    match value:
        case bytes():
            return {"base64": base64.b64encode(value).decode()}
        case Path():
            return _told(value.read_bytes())
        case list():
            return [_told(item) for item in value]
    return value


def echo_everything(**inputs: Any) -> dict[str, Any]:
    """Each input under the name of its output: `dateInput` becomes `dateOutput`. Of several values, the last one."""
    outputs = {name.replace("Input", "Output"): value for name, value in inputs.items()}
    for name in ("geometryOutput", "imagesOutput"):
        outputs[name] = outputs[name][-1]
    return outputs
