"""A job's life: record, transitions, results, cache. Redis is spoken to in this folder only."""
