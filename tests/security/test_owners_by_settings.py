"""What settings make of whose jobs there are: jobs that all may see, callers who need not say who they are.

The routes are asked without a server: a proxy says who the caller is.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import redis.asyncio.connection as connections
from upper import make_process, make_registry

from fastprocesses_server.api.app import create_app
from fastprocesses_server.execution.outputs import EncodedOutput, Kind
from fastprocesses_server.execution.request import RequestReader
from fastprocesses_server.jobs.store import JobStore
from fastprocesses_server.processes.description import Access, Process
from fastprocesses_server.settings import Settings

PROCESS = make_process(results={"cache": "1h"})
EXECUTION = RequestReader(PROCESS).read({"inputs": {}})
JOBS = {name: str(UUID(int=number)) for number, name in enumerate(("ada", "bob", ""), 1)}

ALL = set(JOBS)

Ask = Callable[..., Awaitable[httpx.Response]]


@asynccontextmanager
async def asking(
    url: str, folder: Path, process: Process = PROCESS, **settings: Any
) -> AsyncIterator[tuple[Ask, JobStore]]:
    """Requests in somebody's name, and a store in which each has one job."""
    options: dict[str, Any] = {"auth": "required", **settings}
    if options["auth"] != "off":
        options |= {"user_header": "X-User", "trusted_proxies": ["127.0.0.1"]}
    app = create_app(Settings(redis_url=url, results_dir=folder, **options), make_registry(process))
    services = app.state.services
    for name, job_id in JOBS.items():
        execution = replace(EXECUTION, maker=name and f"user:{name}")
        outputs = services.results.write(job_id, "1", [EncodedOutput("result", "text/plain", Kind.TEXT, b"x")])
        await services.store.create_finished(job_id, execution, outputs, is_public=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:

        async def ask(name: str, method: str, path: str, **options: Any) -> httpx.Response:
            headers = {"Prefer": "respond-async", **({"X-User": name} if name else {})}
            return await client.request(method, path, headers=headers, **options)

        try:
            yield ask, services.store
        finally:
            engine = services.engine
            for one in (services.store.redis, engine.replies.client, engine.cache_client, services.fetcher):
                await one.aclose()


async def listed(ask: Ask, name: str) -> set[str]:
    jobs = (await ask(name, "GET", "/jobs")).json()["jobs"]
    return {who for job in jobs for who, job_id in JOBS.items() if job["jobID"] == job_id}


async def seen(ask: Ask, name: str) -> set[str]:
    return {who for who, job_id in JOBS.items() if (await ask(name, "GET", f"/jobs/{job_id}")).status_code == 200}


@pytest.mark.parametrize(
    ("settings", "name", "seen_by"),
    [
        ({}, "ada", ({"ada"}, {"ada"})),
        ({"job_list": "own"}, "bob", ({"bob"}, {"bob"})),
        ({"job_list": "all"}, "bob", (ALL, ALL)),
        ({"auth": "optional"}, "ada", ({"ada"}, {"ada"})),
        ({"auth": "optional"}, "", (set(), {""})),
        ({"auth": "optional", "job_list": "all"}, "", (ALL, ALL)),
        ({"auth": "off"}, "", (ALL, ALL)),
    ],
)
def test_settings_say_whose_jobs_are_seen(
    redis_url: str, tmp_path: Path, settings: dict[str, Any], name: str, seen_by: tuple[set[str], set[str]]
) -> None:
    """In the list, and by their ids."""

    async def scene() -> None:
        async with asking(redis_url, tmp_path, **settings) as (ask, _):
            assert (await listed(ask, name), await seen(ask, name)) == seen_by

    asyncio.run(scene())


def test_jobs_that_all_may_see_are_dismissed_by_their_maker_alone(redis_url: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with asking(redis_url, tmp_path, job_list="all") as (ask, store):
            path = f"/jobs/{JOBS['ada']}"
            assert (await ask("bob", "GET", f"{path}/results")).text == "x"
            refused = await ask("bob", "DELETE", path)
            assert refused.status_code == 403
            assert "only its maker and admins" in refused.json()["detail"]
            assert await store.read(JOBS["ada"])
            assert (await ask("ada", "DELETE", path)).status_code == 200
            assert (await ask("bob", "GET", path)).status_code == 410

    asyncio.run(scene())


def test_jobs_that_all_may_see_have_results_whoever_may_run_their_process(redis_url: str, tmp_path: Path) -> None:
    process = PROCESS.model_copy(update={"access": Access(roles=["planner"])})

    async def scene() -> None:
        async with asking(redis_url, tmp_path, process, job_list="all") as (ask, _):
            assert (await ask("bob", "GET", f"/processes/{process.id}")).status_code == 403
            for part in ("results", "results/result", "inputs", "definition"):
                assert (await ask("bob", "GET", f"/jobs/{JOBS['ada']}/{part}")).status_code == 200

    asyncio.run(scene())


def test_outputs_that_a_sync_run_left_are_its_makers(redis_url: str, tmp_path: Path) -> None:
    """Referred to by its answer, though it is no public job."""

    async def scene() -> None:
        async with asking(redis_url, tmp_path) as (ask, store):
            await store.redis.hset(f"fp:job:{JOBS['ada']}", "public", 0)
            path = f"/jobs/{JOBS['ada']}/results/result"
            answers = [(await ask(name, "GET", path)).status_code for name in ("ada", "bob")]
            assert answers == [200, 404]
            assert (await ask("ada", "GET", f"/jobs/{JOBS['ada']}")).status_code == 404

    asyncio.run(scene())


@pytest.mark.parametrize("request_", [("GET", f"/jobs/{JOBS['ada']}", {}), ("POST", "/processes/upper/execution", {})])
def test_whose_jobs_they_are_costs_no_more_ways_to_redis(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_: tuple[str, str, Any]
) -> None:
    sent: list[object] = []
    send = connections.AbstractConnection.send_packed_command

    async def count(self: Any, *arguments: Any, **options: Any) -> None:
        sent.append(arguments)
        await send(self, *arguments, **options)

    async def ways(auth: str) -> int:
        async with asking(redis_url, tmp_path / auth, auth=auth) as (ask, _):
            method, path, inputs = request_
            options = {"json": {"inputs": inputs}} if method == "POST" else {}
            await ask("ada", method, path, **options)  # connections are made, scripts loaded
            with monkeypatch.context() as patch:
                patch.setattr(connections.AbstractConnection, "send_packed_command", count)
                sent.clear()
                answer = await ask("ada", method, path, **options)
            assert answer.is_success
            return len(sent)

    assert asyncio.run(ways("required")) == asyncio.run(ways("off"))
