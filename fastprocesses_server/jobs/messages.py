"""Messages that wake a worker: its tasks in Celery's protocol 2, as kombu has them on Redis.

Celery itself is the workers' alone, as it takes five megabytes; tests compare what it writes.
"""

from base64 import b64encode
from typing import Any
from uuid import uuid4

import orjson

TASK = "fastprocesses_server.execute"
DELIVER = "fastprocesses_server.deliver"

OPTIONS: dict[str, Any] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
HEADERS: dict[str, Any] = {
    "lang": "py",
    "shadow": None,
    "eta": None,
    "expires": None,
    "group": None,
    "group_index": None,
    "retries": 0,
    "timelimit": [None, None],
    "parent_id": None,
    "kwargsrepr": "{}",
    "origin": "fastprocesses_server",
    "ignore_result": True,
    "replaced_task_nesting": 0,
    "stamped_headers": None,
    "stamps": {},
}


def encode_message(job_id: str, queue: str, task: str = TASK) -> bytes:
    """As it lies in the list of the queue; no two have the same tag."""
    message = {
        "body": b64encode(orjson.dumps([[job_id], {}, OPTIONS])).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {**HEADERS, "task": task, "id": job_id, "root_id": job_id, "argsrepr": f"({job_id!r},)"},
        "properties": {
            "correlation_id": job_id,
            "reply_to": "",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
        },
    }
    return orjson.dumps(message)
