"""How long things of a job are kept, and how long it may run: the description file, else the settings."""

from ..processes.description import Process
from ..settings import Settings

DAY = 86_400
UNSEEN = 600
"""Seconds that the record of a sync run stays, which no client can see."""


def results_seconds(process: Process, settings: Settings) -> float:
    return min(process.results.keep or settings.results_ttl_days * DAY, record_seconds(settings))


def record_seconds(settings: Settings) -> float:
    return settings.job_status_ttl_days * DAY


def cache_seconds(process: Process, settings: Settings) -> float | None:
    """None where outputs are not cached."""
    if process.results.cache is None:
        return settings.cache_ttl_hours * 3600 if settings.cache_ttl_hours else None
    return process.results.cache or None


def lease(settings: Settings) -> int:
    """Milliseconds that a worker which beats every second may be silent."""
    return round(settings.worker_lease_seconds * 1000)


def time_limits(process: Process, settings: Settings) -> tuple[float, float]:
    """Soft and hard limit in seconds; where a file names one of them, the other gives way."""
    named = process.run.time_limit
    hard = named.hard or max(settings.time_limit_hard, named.soft or 0)
    return named.soft or min(settings.time_limit_soft, hard), hard
