"""What libraries say through the standard library's logging."""

import io
import logging
from collections.abc import Iterator

import pytest
from loguru import logger

from fastprocesses_server.logs import configure_logs
from fastprocesses_server.settings import Settings


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Of the log; the root logger is as a process for jobs has it."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    written = io.StringIO()
    configure_logs(Settings(), written)
    root.setLevel(logging.INFO)
    yield written
    logger.remove()
    root.setLevel(before[0])
    root.handlers[:] = before[1]


@pytest.mark.parametrize(("own", "is_told"), [(logging.NOTSET, False), (logging.INFO, True)])
def test_what_is_less_than_a_warning_is_told_where_somebody_has_asked_for_it(
    stream: io.StringIO, own: int, is_told: bool
) -> None:
    library = logging.getLogger("some_library.part")
    logging.getLogger("some_library").setLevel(own)
    library.info("a detail")
    library.warning("a warning")
    logging.getLogger("some_library").setLevel(logging.NOTSET)
    assert ("a detail" in stream.getvalue()) == is_told
    assert "WARNING some_library.part: a warning" in stream.getvalue()
