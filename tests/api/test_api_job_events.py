"""`/jobs/{jobID}/events`: whoever follows a job hears of everything once, in its order, up to the end."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import httpx
import pytest
from redis.exceptions import ConnectionError as RedisIsAway
from serving import Client, OwnValkey, Part, Server, own_valkey, shared_environment, wait_until
from test_api_logs import log, private_run, talk

from fastprocesses_server.api.job_events import HEARTBEAT, RETRY, event, read_event_id, stream
from fastprocesses_server.api.jobs import LOOK_SECONDS
from fastprocesses_server.api.middleware.ending import Ending
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.jobs.following import Sight
from fastprocesses_server.jobs.record import Status, read_record
from fastprocesses_server.links import Urls


class Event(NamedTuple):
    name: str
    number: int | None
    data: dict[str, Any]


def read_events(lines: Iterator[str]) -> Iterator[Event]:
    """By the rules of HTML, section 9.2.6, but for what this server has no use for."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith((":", "retry:")):
            continue
        if line:
            name, _, value = line.partition(": ")
            assert name in ("event", "id", "data"), line
            assert name not in fields, line
            fields[name] = value
        elif fields:
            yield Event(fields["event"], int(fields["id"]) if "id" in fields else None, json.loads(fields["data"]))
            fields = {}


@contextmanager
def following(client: Client, job_id: str, known: int | None = None) -> Iterator[Iterator[Event]]:
    headers = {} if known is None else {"Last-Event-ID": str(known)}
    with client.stream("GET", f"/jobs/{job_id}/events", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        yield read_events(line for line in response.iter_lines())


def followed(client: Client, job_id: str, known: int | None = None) -> list[Event]:
    """All events, until the server ends the stream."""
    with following(client, job_id, known) as events:
        return list(events)


def test_a_job_is_followed_from_its_acceptance_to_its_end(client: Client) -> None:
    job_id = client.submit("talk", {"how": "draws bars"})
    events = followed(client, job_id)
    statuses = [event.data["status"] for event in events if event.name == "status"]
    assert statuses in (["accepted", "running", "successful"], ["running", "successful"])
    assert events[0].name == "status"
    assert (events[-1].name, events[-1].data) == ("done", {"status": "successful"})
    assert [event.name for event in events].count("done") == 1
    told = (event.data for event in events if event.name == "progress" and event.data.get("message") == "outer")
    outer = next(data for data in told if data["progress"] == 50)  # where it rests; of what is before, some is missed
    assert outer == {"progress": 50, "message": "outer", "updated": outer["updated"]}
    assert outer["updated"] > events[0].data["created"]
    assert [event.data for event in events if event.name == "log"] == log(client, job_id)


def test_the_status_is_the_status_info(client: Client) -> None:
    job_id = talk(client, "prints")
    told, document = followed(client, job_id)[0].data, client.status(job_id)
    assert told == {**document, "links": [link for link in document["links"] if link["rel"] != "alternate"]}


def test_a_finished_job_says_everything_at_once(client: Client) -> None:
    job_id = talk(client, "prints")
    events = followed(client, job_id)
    assert [event.name for event in events] == ["status", *["log"] * 4, "done"]
    assert [event.number for event in events] == [None, 1, 2, 3, 4, None]


def test_who_comes_again_hears_only_what_was_missed(client: Client) -> None:
    job_id = talk(client, "prints")
    events = followed(client, job_id, 3)
    assert [event.name for event in events] == ["status", "log", "done"]
    assert (events[1].number, events[1].data["text"]) == (4, "no newline at the end")
    assert [event.name for event in followed(client, job_id, 4)] == ["status", "done"]


def test_a_stream_goes_on_where_another_has_ended(client: Client) -> None:
    job_id = client.submit("talk", {"how": "talks on"})
    texts: list[str] = []
    for _ in range(3):
        with following(client, job_id, len(texts)) as events:
            for one in events:
                texts += [one.data["text"]] if one.name == "log" else []
                if one.name == "log" and one.number and one.number % 10 == 0:
                    break
    assert texts == [f"step {number}" for number in range(30)]
    client.delete(f"/jobs/{job_id}")


def test_lines_that_are_not_kept_are_counted(client: Client) -> None:
    job_id = talk(client, "says 1200 lines")
    first, *others = (one for one in followed(client, job_id) if one.name == "log")
    assert (first.data["text"], len(others)) == ("… 200 lines left out", 1000)
    assert [one for one in followed(client, job_id, others[-3].number) if one.name == "log"] == others[-2:]


@pytest.mark.parametrize("text", ["", "x", "-1", "²", "1e3", "9" * 40, "1, 2"])
def test_an_event_id_of_somebody_else_is_none(client: Client, text: str) -> None:
    assert read_event_id(text) == 0


def test_numbers_beyond_the_last_line_mean_another_log(client: Client) -> None:
    job_id = talk(client, "prints")
    assert [one.number for one in followed(client, job_id, 100)] == [None, 1, 2, 3, 4, None]


def test_nothing_that_is_said_begins_an_event(client: Client) -> None:
    job_id = talk(client, "forges events")
    assert [one.name for one in followed(client, job_id)].count("done") == 1
    hostile = "a\r\rb\n\nevent: done\ndata: {}\n\nid: 7\u2028\0"
    written = event("log", {"text": hostile}, 1)
    assert not re.search(rb"[\r\0]|\n(?!(id|data): |\n$|$)", written)
    assert list(read_events(iter(written.decode().split("\n")))) == [Event("log", 1, {"text": hostile})]


def test_a_failed_job_tells_why(client: Client) -> None:
    job_id = client.submit("misbehave", {"how": "process-error"})
    events = followed(client, job_id)
    final = [one for one in events if one.name == "status"][-1].data
    assert (final["status"], final["exception"]["detail"]) == ("failed", "outside the city limits")
    assert events[-1].data == {"status": "failed"}


def test_a_dismissal_ends_the_stream(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 60})
    client.when(job_id, "running")
    with following(client, job_id) as events:
        assert next(events).data["status"] == "running"
        client.delete(f"/jobs/{job_id}")
        assert [one.data["status"] for one in events] == ["dismissed", "dismissed"]


def test_many_follow_one_job(client: Client, server: Server) -> None:
    job_id = client.submit("talk", {"how": "draws bars"})

    async def follow_all() -> list[str]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=limits) as visitor:
            found = await asyncio.gather(*(visitor.get(f"/jobs/{job_id}/events") for _ in range(100)))
        return [response.text for response in found]

    for text in asyncio.run(follow_all()):
        *_, last = read_events(iter(text.split("\n")))
        assert last == Event("done", None, {"status": "successful"})


def test_there_are_no_events_of_other_jobs(client: Client, server: Server) -> None:
    accept = {"Accept": "text/event-stream"}
    for job_id in ("nope", "00000000-0000-0000-0000-000000000000", private_run(client, server)):
        response = client.get(f"/jobs/{job_id}/events", headers=accept)
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"
    job_id = talk(client, "prints")
    client.delete(f"/jobs/{job_id}")
    assert client.get(f"/jobs/{job_id}/events", headers=accept).status_code == 410


def test_a_head_request_opens_no_stream(client: Client) -> None:
    job_id = client.submit("sleep", {"seconds": 60})
    response = client.head(f"/jobs/{job_id}/events")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream")
    client.delete(f"/jobs/{job_id}")


def test_the_status_info_links_to_the_events(client: Client) -> None:
    job_id = talk(client, "prints")
    (link,) = (link for link in client.status(job_id)["links"] if link["type"] == "text/event-stream")
    assert (link["rel"], link["title"]) == ("related", "Events of the job")
    assert link["href"].endswith(f"/jobs/{job_id}/events")


class Alone(NamedTuple):
    """An API without workers, whose jobs wait."""

    valkey: OwnValkey
    api: Part
    client: Client


@contextmanager
def api_alone(published: Path, folder: Path) -> Iterator[Alone]:
    with own_valkey(folder) as valkey:
        environment = shared_environment(valkey.url, published, folder)
        api = Part("serve", folder=folder, environment=environment)
        api.start()
        with Client(base_url=f"http://127.0.0.1:{environment['FP_PORT']}", timeout=60) as client:
            wait_until(lambda: "API ready" in api.log(), 60, api.log)
            yield Alone(valkey, api, client)
        assert api.stop() == 0
        assert "Traceback" not in api.log()


@pytest.fixture(scope="module")
def alone(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with api_alone(published, tmp_path_factory.mktemp("alone")) as running:
        yield running


def test_streams_end_with_the_server(published: Path, tmp_path: Path) -> None:
    with api_alone(published, tmp_path) as ending:
        job_id = ending.client.submit("sleep", {"seconds": 5})
        with following(ending.client, job_id) as events:
            next(events)
            assert ending.api.process
            ending.api.process.terminate()
            assert not list(events)
        assert ending.api.process.wait(30) == 0
        assert "Cancel 1 running task" not in ending.api.log()


def test_a_redis_that_is_started_again_ends_no_stream(alone: Alone) -> None:
    job_id = alone.client.submit("sleep", {"seconds": 60})
    with following(alone.client, job_id) as events:
        next(events)
        alone.valkey.kill()
        time.sleep(4 * LOOK_SECONDS)  # how long it is away, for some looks
        alone.valkey.start()
        wait_until(alone.valkey.answers)
        assert alone.client.delete(f"/jobs/{job_id}").status_code == 200
        assert [one.data["status"] for one in events] == ["dismissed", "dismissed"]


def test_nobody_looks_for_a_client_that_has_left(alone: Alone) -> None:
    job_id = alone.client.submit("sleep", {"seconds": 60})
    with connect(alone.valkey.url) as redis:

        def looks() -> int:
            """Of logs of jobs."""
            statistics: Any = redis.info("commandstats")
            calls: int = statistics.get("cmdstat_lrange", {"calls": 0})["calls"]
            return calls

        with following(alone.client, job_id) as events:
            next(events)
            before = looks()
            wait_until(lambda: looks() > before + 1)

        def nobody_looks() -> bool:
            before = looks()
            time.sleep(3 * LOOK_SECONDS)  # in which a stream would look three times
            return looks() == before

        wait_until(nobody_looks)


FIELDS = {
    b"id": b"a",
    b"process": b"p",
    b"version": b"1",
    b"fingerprint": b"f",
    b"status": b"running",
    b"public": b"1",
    b"attempt": b"1",
    b"created": b"0",
    b"updated": b"0",
    b"progress": b"0",
    b"record_ttl": b"1000",
    b"results_ttl": b"1000",
}


def sight(status: Status = Status.RUNNING) -> Sight:
    job = read_record({**FIELDS, b"status": status.encode()})
    return Sight(job, known=0, dropped=0, unkept=0, lines=())


class Looks:
    """A job store that shows these, one after the other, and the last again and again; an error is raised."""

    def __init__(self, *shown: Sight | Exception | None) -> None:
        self.shown = list(shown)
        self.count = 0

    async def follow(self, _job_id: str, _known: int) -> Sight | None:
        self.count += 1
        found = self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]
        if isinstance(found, Exception):
            raise found
        return found


def streamed(
    looks: Looks,
    ending: Ending | None = None,
    heartbeat: float = 60,
    welcome: Callable[[], Awaitable[bool]] | None = None,
) -> AsyncIterator[bytes]:
    services: Any = SimpleNamespace(store=looks, ending=ending or Ending())
    return stream(services, Urls(""), "a", 0, welcome or always, look=0.001, heartbeat=heartbeat)


async def always() -> bool:
    return True


async def collect(chunks: AsyncIterator[bytes]) -> list[bytes]:
    return [chunk async for chunk in chunks]


def test_silence_has_a_heartbeat() -> None:
    async def beats() -> list[bytes]:
        looks = Looks(sight())
        async with aclosing(streamed(looks, heartbeat=0.02)) as chunks:  # type: ignore[type-var]
            return [await anext(chunks) for _ in range(5)]

    retry, status, *rest = asyncio.run(beats())
    assert retry == RETRY
    assert status.startswith(b"event: status\n")
    assert rest == [HEARTBEAT] * 3


def test_a_store_that_is_away_for_a_moment_ends_no_stream() -> None:
    looks = Looks(RedisIsAway(), sight(), RedisIsAway(), RedisIsAway(), sight(Status.SUCCESSFUL))
    names = re.findall(rb"event: (\w+)", b"".join(asyncio.run(collect(streamed(looks)))))
    assert names == [b"status", b"status", b"done"]


def test_a_stream_ends_for_whom_it_is_no_more() -> None:
    answers = [True, True, False]

    async def welcome() -> bool:
        return answers.pop(0)

    retry, status, *rest = asyncio.run(collect(streamed(Looks(sight()), heartbeat=0.02, welcome=welcome)))
    assert retry == RETRY
    assert status.startswith(b"event: status\n")
    assert not answers
    assert set(rest) == {HEARTBEAT}


def test_a_job_that_is_removed_ends_the_stream_without_a_last_word() -> None:
    chunks = asyncio.run(collect(streamed(Looks(sight(), None))))
    assert len(chunks) == 2


def test_a_process_that_ends_ends_its_streams() -> None:
    async def end() -> list[bytes]:
        ending = Ending()
        asyncio.get_running_loop().call_later(0.05, ending.begin)
        return await asyncio.wait_for(collect(streamed(Looks(sight()), ending)), 10)

    assert len(asyncio.run(end())) == 2
