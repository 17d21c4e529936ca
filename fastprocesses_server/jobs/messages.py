"""Celery messages that wake a worker: encoded by Celery itself, sent with the job's record in one step."""

from typing import Any

import orjson
from celery import Celery
from kombu import Connection, Producer
from kombu.transport import memory

TASK = "fastprocesses_server.execute"
DELIVER = "fastprocesses_server.deliver"


def _capturing(captured: list[dict[str, Any]]) -> type[memory.Transport]:
    """A transport that keeps what it would have sent."""

    class Channel(memory.Channel):
        def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:  # noqa: ARG002 - kombu's signature
            captured.append(message)

    return type("Transport", (memory.Transport,), {"Channel": Channel})


class MessageEncoder:
    """Writes the message of a job as it lies in a queue of Celery on Redis. Not for several threads at once."""

    def __init__(self) -> None:
        self.celery = Celery(set_as_current=False)
        self.celery.conf.update(task_serializer="json", task_ignore_result=True)
        self.captured: list[dict[str, Any]] = []
        connection = Connection(transport=_capturing(self.captured))
        self.producer: Producer = self.celery.amqp.Producer(connection, auto_declare=False)

    def encode(self, job_id: str, queue: str, task: str = TASK) -> bytes:
        self.celery.send_task(
            task, (job_id,), task_id=job_id, queue=queue, producer=self.producer, ignore_result=True, retry=False
        )
        return orjson.dumps(self.captured.pop())
