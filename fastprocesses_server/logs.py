"""Logs, by loguru: one line per change of a job's life, never a secret. Only the command line sets them up."""

import copy
import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

import loguru
from loguru import logger

from . import trail
from .errors import StartError
from .log_lines import formatter
from .settings.secrets import secret_values

if TYPE_CHECKING:
    from pathlib import Path

    from loguru import Record

    from .settings import Settings

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

LEAST = logging.WARNING
"""What libraries say to those who run the server, unless a level of their own was set; authors get to hear of more."""

OPERATORS = ("opentelemetry.",)
"""Libraries that speak to those who run the server, also while a job runs."""


def _log_to(file: "Path", settings: "Settings") -> None:
    try:
        logger.add(
            file,
            format=formatter(settings.log_format, secret_values(settings)),
            level=settings.log_level,
            rotation=settings.log_rotation,
            retention=settings.log_retention,
            backtrace=False,
            diagnose=False,
        )
    except (OSError, ValueError) as error:
        raise StartError(f"FP_LOG_FILE, FP_LOG_ROTATION or FP_LOG_RETENTION: {error}") from None


class _ToLoguru(logging.Handler):
    """What libraries say through the standard library's logging, unless somebody else takes it."""

    take: Callable[[logging.LogRecord], None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._emit(record)
        except Exception:  # noqa: BLE001 - authors may log what has no text
            self.handleError(record)

    def _emit(self, record: logging.LogRecord) -> None:
        if self.take and not record.name.startswith(OPERATORS):
            self.take(record)
            return
        if record.levelno < LEAST and not _has_level(record.name):
            return
        level = record.levelname if record.levelname in LEVELS else record.levelno
        logger.opt(exception=record.exc_info).log(level, "{}: {}", record.name, record.getMessage())


def _has_level(name: str) -> bool:
    """Whether somebody has set that of the logger, or of one above it other than the first."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger and logger.parent:
        if logger.level:
            return True
        logger = logger.parent
    return False


def divert_logging(take: Callable[[logging.LogRecord], None] | None) -> None:
    """Have somebody else told what is said through the standard library's logging; None: the log again."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _ToLoguru):
            handler.take = take


def keep_log_apart() -> None:
    """To be called before logs are configured: what is done to standard output later is not the log's affair."""
    sys.stdout = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1, encoding="utf-8", errors="backslashreplace")


def _tell_trail(record: "Record") -> None:
    record["extra"].update({**trail.current().facts(), **record["extra"]})


def configure_logs(settings: "Settings", stream: TextIO | None = None) -> None:
    """Log to the stream, standard output where none is named, and, where set, to a file with rotation."""
    logger.remove()
    logger.configure(patcher=_tell_trail)
    form = formatter(settings.log_format, secret_values(settings))
    logger.add(stream or sys.stdout, format=form, level=settings.log_level, backtrace=False, diagnose=False)
    if settings.log_file:
        _log_to(settings.log_file, settings)
    logging.basicConfig(handlers=[_ToLoguru()], level=LEAST, force=True)


def part_loguru(settings: "Settings", take: Callable[[int, str], None]) -> None:
    """To be called in a process for authors' code: modules imported from now on get a loguru of their own.

    Whatever they do to its sinks leaves the server's log as it is. Unless they do, it tells from INFO the level's
    number and the text. Its first sink has the number 0, which authors remove by that.
    """
    logger.remove()  # one with sinks cannot be copied
    own = copy.deepcopy(logger)
    own._core.handlers_count = 0  # type: ignore[attr-defined] # noqa: SLF001 - there is no other way
    own.configure(patcher=lambda _: None)
    own.add(
        lambda said: take(said.record["level"].no, said.rstrip("\n")),
        format="{name}: {message}",
        level="INFO",
        backtrace=False,
        diagnose=False,
    )
    loguru.logger = own
    configure_logs(settings)
