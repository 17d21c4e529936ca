"""Names that need care wherever they are written."""

from typing import Any


def echo(**inputs: Any) -> dict[str, Any]:
    return inputs
