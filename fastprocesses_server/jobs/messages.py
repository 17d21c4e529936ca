"""Celery messages that wake a worker: encoded by Celery itself, sent with the job's record in one step."""

from base64 import b64decode, b64encode
from typing import Any
from uuid import uuid4

import orjson
from celery import Celery
from kombu import Connection, Producer
from kombu.transport import memory

TASK = "fastprocesses_server.execute"
DELIVER = "fastprocesses_server.deliver"
ANY_JOB, ANY_BODY, ANY_TAG = b"<any job>", b"<any body>", b"<any tag>"


def _capturing(captured: list[dict[str, Any]]) -> type[memory.Transport]:
    """A transport that keeps what it would have sent."""

    class Channel(memory.Channel):
        def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:  # noqa: ARG002 - kombu's signature
            captured.append(message)

    return type("Transport", (memory.Transport,), {"Channel": Channel})


class MessageEncoder:
    """Writes the message of a job as it lies in a queue of Celery on Redis. Not for several threads at once.

    Celery writes the first one of each task and queue; the next ones differ by the job, and by a tag that no two share.
    """

    def __init__(self) -> None:
        self.celery = Celery(set_as_current=False)
        self.celery.conf.update(task_serializer="json", task_ignore_result=True)
        self.captured: list[dict[str, Any]] = []
        connection = Connection(transport=_capturing(self.captured))
        self.producer: Producer = self.celery.amqp.Producer(connection, auto_declare=False)
        self.patterns: dict[tuple[str, str], tuple[bytes, bytes]] = {}

    def encode(self, job_id: str, queue: str, task: str = TASK) -> bytes:
        if (task, queue) not in self.patterns:
            self.patterns[task, queue] = self._pattern(queue, task)
        message, body = self.patterns[task, queue]
        job = job_id.encode()
        filled = message.replace(ANY_JOB, job).replace(ANY_TAG, str(uuid4()).encode())
        return filled.replace(ANY_BODY, b64encode(body.replace(ANY_JOB, job)))

    def _pattern(self, queue: str, task: str) -> tuple[bytes, bytes]:
        """The message of any job, and its body, which it holds as base64."""
        job = ANY_JOB.decode()
        self.celery.send_task(
            task, (job,), task_id=job, queue=queue, producer=self.producer, ignore_result=True, retry=False
        )
        message = self.captured.pop()
        body = b64decode(message["body"])
        message["body"] = ANY_BODY.decode()
        message["properties"]["delivery_tag"] = ANY_TAG.decode()
        return orjson.dumps(message), body
