"""Messages that wake a worker, beside those that Celery itself writes."""

import json
from base64 import b64decode
from typing import Any

import pytest
from celery import Celery
from kombu import Connection
from kombu.transport import memory

from fastprocesses_server.jobs.messages import DELIVER, TASK, encode_message


def of_celery(job_id: str, queue: str, task: str) -> bytes:
    """What it would lay into the queue."""
    captured = []

    class Channel(memory.Channel):
        def _put(self, _queue: str, message: dict[str, Any], **_: Any) -> None:
            captured.append(message)

    connection = Connection(transport=type("Transport", (memory.Transport,), {"Channel": Channel}))
    celery = Celery(set_as_current=False)
    celery.conf.update(task_serializer="json", task_ignore_result=True)
    with celery.amqp.Producer(connection, auto_declare=False) as producer:
        celery.send_task(task, (job_id,), task_id=job_id, queue=queue, producer=producer, ignore_result=True)
    return json.dumps(captured.pop()).encode()


def read(message: bytes) -> dict[str, Any]:
    """But for the tag, and for who sent it and where it would hear of the end, which nobody reads."""
    read: dict[str, Any] = json.loads(message)
    assert read["properties"].pop("delivery_tag")
    assert read["headers"].pop("origin")
    del read["properties"]["reply_to"]
    return {**read, "body": json.loads(b64decode(read["body"]))}


@pytest.mark.parametrize(("queue", "task"), [("celery", TASK), ("heavy/ä", TASK), ("deliveries", DELIVER)])
def test_messages_are_those_of_celery(queue: str, task: str) -> None:
    job_id = "0f1c9d2e-5a63-4f0e-9a40-7f2c7b1b8f11"
    assert read(encode_message(job_id, queue, task)) == read(of_celery(job_id, queue, task))


def test_no_two_messages_have_the_same_tag() -> None:
    first, second = (json.loads(encode_message("a", "celery"))["properties"]["delivery_tag"] for _ in range(2))
    assert first != second
