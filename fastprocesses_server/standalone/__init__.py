"""One command, no Redis installed: Valkey, a worker and the API, supervised as one."""
