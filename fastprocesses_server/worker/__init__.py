"""Celery workers: a task for jobs and one for callbacks, the keeper of leases, the context given to callables."""
