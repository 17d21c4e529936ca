"""Celery workers: the one task, the keeper of its leases, and the context given to callables."""
