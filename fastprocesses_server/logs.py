"""Logs, by loguru: one line per change of a job's life, never a secret. Only the command line sets them up."""

import logging
import sys
from typing import TYPE_CHECKING, TextIO

from loguru import logger

from .errors import StartError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from loguru import Record

    from .settings import Settings

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMAT = "{time:YYYY-MM-DD HH:mm:ss.SSS} {level:<7} {message}"


def _log_to(file: "Path", settings: "Settings") -> None:
    try:
        logger.add(
            file,
            format=FORMAT,
            level=settings.log_level,
            rotation=settings.log_rotation,
            retention=settings.log_retention,
            backtrace=False,
            diagnose=False,
        )
    except (OSError, ValueError) as error:
        raise StartError(f"FP_LOG_FILE, FP_LOG_ROTATION or FP_LOG_RETENTION: {error}") from None


class _ToLoguru(logging.Handler):
    """What libraries say through the standard library's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname if record.levelname in LEVELS else record.levelno
        logger.opt(exception=record.exc_info).log(level, "{}: {}", record.name, record.getMessage())


def _on_one_line(record: "Record") -> None:
    """A newline in what a client sent must not look like a line of ours."""
    record["message"] = record["message"].replace("\r", "\\r").replace("\n", "\\n")


def configure_logs(settings: "Settings", stream: TextIO | None = None) -> None:
    """Log to the stream, standard output where none is named, and, where set, to a file with rotation."""
    logger.remove()
    logger.configure(patcher=_on_one_line)
    logger.add(stream or sys.stdout, format=FORMAT, level=settings.log_level, backtrace=False, diagnose=False)
    if settings.log_file:
        _log_to(settings.log_file, settings)
    logging.basicConfig(handlers=[_ToLoguru()], level=logging.WARNING, force=True)
