"""Those who follow jobs or wait for them are no more than one process bears; the others are told to ask."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.requests import ClientDisconnect
from test_api_job_events import Looks, sight, streamed

from fastprocesses_server.api.app import create_app
from fastprocesses_server.api.followers import Followers
from fastprocesses_server.api.job_events import EventStream
from fastprocesses_server.jobs.record import Job
from fastprocesses_server.processes.registry import Registry
from fastprocesses_server.settings import Settings

JOB = "/jobs/00000000-0000-0000-0000-000000000000"


class Running(Looks):
    """A store whose only job runs on."""

    async def read(self, _job_id: str) -> Job:
        return sight().job


def ask(path: str, headers: dict[str, str]) -> httpx.Response:
    """A server that has all the followers that it bears."""
    app = create_app(Settings(), Registry({}))
    store: Any = Running(sight())
    app.state.services = replace(app.state.services, store=store, followers=Followers(most=0))

    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(asyncio.wait_for(answer(), 10))


def test_one_follower_too_many_is_told_to_ask() -> None:
    response = ask(f"{JOB}/events", {"Accept": "text/event-stream"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert response.headers["content-type"] == "application/problem+json"
    assert "Ask for the status of the job now and then instead" in response.json()["detail"]


def test_who_would_wait_beside_too_many_is_answered_at_once() -> None:
    response = ask(JOB, {"Prefer": "wait=50"})
    assert (response.status_code, response.headers["retry-after"]) == (200, "1")
    assert "preference-applied" not in response.headers


def test_a_stream_that_ends_makes_room_for_another() -> None:
    followers = Followers(most=1)

    async def leave() -> None:
        """Before the first byte."""
        counts = []

        async def send(_message: Any) -> None:
            counts.append(followers.count)
            raise OSError

        scope: dict[str, Any] = {"type": "http", "asgi": {"spec_version": "2.4"}}
        with pytest.raises(ClientDisconnect):
            await EventStream(streamed(Looks(sight())), followers)(scope, asyncio.Event().wait, send)  # type: ignore[arg-type]
        assert counts == [1]

    asyncio.run(leave())
    assert not followers.is_full
