"""FastAPI and Celery with nothing between them: no validation, no links, no negotiation, no rules for what fails.

Job and message go to Redis in one step, and each process waits on one list for all answers: what the parts can do.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import echoes
import orjson
import redis
import redis.asyncio
from celery import Celery
from fastapi import FastAPI, Request, Response
from kombu import Connection
from kombu.transport import memory
from schemas import INPUTS, OUTPUTS

URL = os.environ["BENCHMARK_REDIS"]
QUEUE = "limit"
JSON = "application/json"

celery = Celery("limit", broker=URL)
celery.conf.update(task_default_queue=QUEUE, task_ignore_result=True, worker_hijack_root_logger=False)
results = redis.Redis.from_url(URL)


@celery.task  # type: ignore[untyped-decorator]
def run(job: str, name: str, inputs: dict[str, Any], reply: str) -> None:
    outputs = orjson.dumps({"result": getattr(echoes, name)(**inputs)})
    with results.pipeline() as pipeline:
        pipeline.hset(f"job:{job}", mapping={"status": "successful", "outputs": outputs})
        pipeline.set(f"cache:{name}:{inputs}", outputs, ex=3600)
        if reply:
            pipeline.rpush(reply, job.encode() + b" " + outputs)
        pipeline.execute()


messages: list[bytes] = []


class Captured(memory.Channel):  # type: ignore[misc]
    """Keeps the message that Celery would have sent."""

    def _put(self, _queue: str, message: Any, **_: Any) -> None:
        messages.append(orjson.dumps(message))


class Capture(memory.Transport):  # type: ignore[misc]
    Channel = Captured


producer = celery.amqp.Producer(Connection(transport=Capture), auto_declare=False)
store = redis.asyncio.Redis.from_url(URL)
waiting: dict[str, "asyncio.Future[bytes]"] = {}
replies = f"replies:{uuid4()}"


async def listen() -> None:
    client = redis.asyncio.Redis.from_url(URL, socket_timeout=None)
    while True:
        _, found = await client.blmpop(0, 1, replies, direction="LEFT", count=64)  # type: ignore[misc]
        for reply in found:
            job, _, outputs = reply.partition(b" ")
            if future := waiting.pop(job.decode(), None):
                future.set_result(outputs)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    task = asyncio.create_task(listen())
    yield
    task.cancel()


app = FastAPI(openapi_url=None, lifespan=lifespan)


def description(name: str, kind: str) -> dict[str, Any]:
    inputs = {key: {"title": key, "schema": schema} for key, schema in INPUTS[kind].items()}
    outputs = {"result": {"schema": OUTPUTS[kind]}}
    return {"id": name, "version": "1.0.0", "title": name, "inputs": inputs, "outputs": outputs}


known = {name: description(name, name) for name in INPUTS}
known |= {f"echo-{i}": description(f"echo-{i}", "echo") for i in range(int(os.environ.get("BENCHMARK_MORE", "0")))}
encoded = {name: orjson.dumps(document) for name, document in known.items()}


async def submit(job: str, name: str, inputs: dict[str, Any], reply: str) -> None:
    run.apply_async((job, name, inputs, reply), task_id=job, producer=producer)
    async with store.pipeline() as pipeline:
        pipeline.hset(f"job:{job}", mapping={"jobID": job, "status": "accepted", "processID": name})
        pipeline.zadd("jobs", {job: asyncio.get_running_loop().time()})
        pipeline.lpush(QUEUE, messages.pop())
        await pipeline.execute()


@app.post("/processes/{name}/execution")
async def execute(request: Request, name: str) -> Response:
    job, inputs = str(uuid4()), orjson.loads(await request.body())["inputs"]
    if "respond-async" in request.headers.get("prefer", ""):
        await submit(job, name, inputs, "")
        return Response(orjson.dumps({"jobID": job, "status": "accepted"}), 201, media_type=JSON)
    if cached := await store.get(f"cache:{name}:{inputs}"):
        return Response(cached, media_type=JSON)
    future = waiting[job] = asyncio.get_running_loop().create_future()
    await submit(job, name, inputs, replies)
    return Response(await future, media_type=JSON)


@app.get("/processes")
async def processes(limit: int = 10, offset: int = 0) -> Response:
    return Response(orjson.dumps({"processes": [*known.values()][offset : offset + limit]}), media_type=JSON)


@app.get("/processes/{name}")
async def process(name: str) -> Response:
    return Response(encoded[name], media_type=JSON)


def _document(record: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in record.items() if name != b"outputs"}


@app.get("/jobs")
async def jobs(limit: int = 10) -> Response:
    newest = await store.zrevrange("jobs", 0, limit - 1)
    async with store.pipeline(transaction=False) as pipeline:
        for job in newest:
            pipeline.hgetall(f"job:{job.decode()}")
        return Response(orjson.dumps({"jobs": [_document(one) for one in await pipeline.execute()]}), media_type=JSON)


@app.get("/jobs/{job}")
async def job_status(job: str) -> Response:
    return Response(orjson.dumps(_document(await store.hgetall(f"job:{job}"))), media_type=JSON)  # type: ignore[misc]
