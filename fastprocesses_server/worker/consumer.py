"""Celery's consumer of messages, which waits for a Redis that is away or refuses commands."""

import time
import warnings

from celery.exceptions import CPendingDeprecationWarning
from celery.worker.consumer import Consumer
from loguru import logger

PAUSE = 0.5
"""Seconds before the next connection: one that refuses commands is made at once, and would be again and again."""


class PatientConsumer(Consumer):
    def on_connection_error_before_connected(self, exc: Exception) -> None:
        logger.warning("the worker waits for Redis: {}", exc)
        time.sleep(PAUSE)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CPendingDeprecationWarning)  # of a default of Celery 6
            super().on_connection_error_after_connected(exc)
        time.sleep(PAUSE)
