"""Echoes: processes that give back what they get, to try a client or a server with."""

import time
from typing import Any


def echo(message: str, pause: int = 0, **others: Any) -> dict[str, Any]:
    """Sleeps `pause` seconds, then returns the other inputs under their own names.

    An input that was not sent has no output. `geometry` arrives as a list, for it may be sent several times:
    one item comes back as that item, several as the list.
    """
    time.sleep(pause)
    outputs = {"message": message, **others}
    match others.get("geometry"):
        case [only]:
            outputs["geometry"] = only
        case []:
            del outputs["geometry"]
    return outputs


def echo_image(image: bytes) -> bytes:
    return image
