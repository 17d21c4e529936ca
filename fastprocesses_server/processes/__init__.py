"""From description files to the registry of processes: no HTTP, no Redis, no Celery."""
