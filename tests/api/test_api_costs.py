"""What the busiest requests cost, in calls of functions and in commands of Redis: figures that no load changes.

The bounds have room for other versions of libraries and Python. Whoever needs more should know why.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from in_process import Answer, Calls, ask
from upper import make_process, make_registry

from fastprocesses_server.api.app import create_app
from fastprocesses_server.execution.inputs import InputsReader
from fastprocesses_server.jobs.connection import connect
from fastprocesses_server.settings import Settings

EXECUTION = "/processes/upper/execution"
ASYNC = (b"prefer", b"respond-async")
numbers = itertools.count()


@dataclass
class Api:
    """One in this process; it does nothing by itself."""

    app: Any
    runner: asyncio.Runner
    url: str

    def ask(self, *arguments: Any, **options: Any) -> Answer:
        return self.runner.run(ask(self.app, *arguments, **options))

    def submit(self) -> Answer:
        """Of a job like no other."""
        body = orjson.dumps({"inputs": {"text": f"number {next(numbers)}"}})
        answer = self.ask("POST", EXECUTION, ASYNC, body=body)
        assert answer.status == 201, answer.body
        return answer

    def calls(self, request: Callable[[], Answer]) -> int:
        """Of a request that is not the first of its kind."""
        for _ in range(3):
            request()
        with Calls() as calls:
            assert request().status in (200, 201)
        return calls.total

    def commands(self, request: Callable[[], Answer]) -> dict[str, int]:
        """How often which command of Redis ran, those within scripts too."""
        request()
        with connect(self.url) as redis:
            redis.config_resetstat()
            request()
            found: Any = redis.info("commandstats")
        counts = {name.removeprefix("cmdstat_"): facts["calls"] for name, facts in found.items()}
        return {name: count for name, count in counts.items() if name not in ("config|resetstat", "info")}


@pytest.fixture
def api(redis_url: str, tmp_path: Path) -> Iterator[Api]:
    settings = Settings(redis_url=redis_url, results_dir=tmp_path)
    process = make_process(results={"cache": "1h"})
    with asyncio.Runner() as runner:
        app = create_app(settings, make_registry(process))
        yield Api(app, runner, redis_url)
        for client in (app.state.services.store.redis, app.state.services.engine.cache_client):
            runner.run(client.aclose())


def test_a_description_costs_few_calls(api: Api, figure: Callable[..., None]) -> None:
    figure("calls for a description", api.calls(lambda: api.ask("GET", "/processes/upper")), at_most=320)


def test_a_list_of_processes_costs_few_calls(api: Api, figure: Callable[..., None]) -> None:
    figure("calls for a list of processes", api.calls(lambda: api.ask("GET", "/processes?limit=10")), at_most=350)


def test_a_status_costs_few_calls(api: Api, figure: Callable[..., None]) -> None:
    path = f"/jobs/{api.submit().json()['jobID']}"
    figure("calls for a status", api.calls(lambda: api.ask("GET", path)), at_most=780)


def test_a_submission_costs_few_calls(api: Api, figure: Callable[..., None]) -> None:
    figure("calls for a submission", api.calls(api.submit), at_most=1_150)


def test_a_large_input_costs_no_more_calls_than_a_small_one() -> None:
    """What grows with an input is left to code that is not Python."""
    position = {"type": "array", "items": {"type": "number"}, "minItems": 2}
    ring = {"type": "array", "items": position}
    reader = InputsReader(make_process(inputs={"rings": {"schema": {"type": "array", "items": ring}}}))
    totals = []
    for count in (1, 1_000):
        with Calls() as calls:
            reader.read({"rings": [[[0.5, 0.5]] * 4] * count}, {})
        totals.append(calls.total)
    assert totals[0] == totals[1] < 60


def test_a_description_asks_redis_nothing(api: Api) -> None:
    assert api.commands(lambda: api.ask("GET", "/processes/upper")) == {}


def test_a_status_is_one_command(api: Api) -> None:
    path = f"/jobs/{api.submit().json()['jobID']}"
    assert api.commands(lambda: api.ask("GET", path)) == {"hgetall": 1}


def test_a_submission_is_one_script(api: Api) -> None:
    found = api.commands(api.submit)
    assert found.pop("evalsha") == 1
    assert sum(found.values()) <= 25, found


def test_a_page_of_jobs_costs_a_command_for_each_of_them(api: Api) -> None:
    for _ in range(12):
        api.submit()
    found = api.commands(lambda: api.ask("GET", "/jobs?limit=10"))
    assert found.pop("evalsha") == 1
    assert found.pop("hgetall") == 10
    assert sum(found.values()) <= 20, found
