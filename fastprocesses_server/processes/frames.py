"""Tracebacks as authors want them: of their own frames."""

import importlib
import traceback
from pathlib import Path
from types import TracebackType

OTHERS = (f"{Path(__file__).parent.parent}/", "<frozen importlib.", importlib.__file__)
"""Where the names of files begin that are this server's, or Python's for an import."""


def is_authors(filename: str) -> bool:
    return not filename.startswith(OTHERS)


def authors_traceback(error: BaseException) -> str:
    """Without the values of variables."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_authors(frame.filename)]
    return "".join([*traceback.format_list(frames), *traceback.format_exception_only(error)]).strip()


def from_the_author_on(frames: TracebackType | None) -> TracebackType | None:
    while frames and not is_authors(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return frames
