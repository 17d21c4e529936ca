"""Requests of a client, counted in Redis for every API process, or not at all."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
from serving import free_port
from upper import make_registry

from fastprocesses_server.api.app import create_app
from fastprocesses_server.jobs.connection import connect, connect_async
from fastprocesses_server.jobs.rates import Count, Rates
from fastprocesses_server.settings import Settings
from fastprocesses_server.settings.quotas import Rate


def counts(url: str, clients: Sequence[str]) -> list[Count | None]:
    async def count() -> list[Count | None]:
        redis = [connect_async(url) for _ in range(2)]
        processes = [Rates(one, Rate(10, 60)) for one in redis]
        try:
            return await asyncio.gather(*(processes[n % 2].count(client) for n, client in enumerate(clients)))
        finally:
            for one in redis:
                await one.aclose()

    return asyncio.run(count())


def ask(settings: Settings, *headers: dict[str, str]) -> list[httpx.Response]:
    """Of an API in this process."""
    app = create_app(settings, make_registry())

    async def all_of_them() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, client=("203.0.113.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answers = [await client.get("/processes", headers=one) for one in headers]
        await app.state.services.store.redis.aclose()
        return answers

    return asyncio.run(all_of_them())


def test_processes_count_together_and_clients_apart(redis_url: str) -> None:
    found = counts(redis_url, ["one"] * 20 + ["two"])
    assert sorted(one.requests for one in found[:20] if one) == list(range(1, 21))
    assert found[20] == Count(1, 60)


def test_a_count_begins_anew_after_its_time_and_leaves_nothing(redis_url: str) -> None:
    counts(redis_url, ["one"] * 3)
    with connect(redis_url) as redis:
        left: Any = redis.pttl("fp:rate:one")
        assert 0 < left <= 60_000
        redis.persist("fp:rate:one")
    assert counts(redis_url, ["one"]) == [Count(4, 60)]
    with connect(redis_url) as redis:
        left = redis.pttl("fp:rate:one")
    assert 0 < left <= 60_000


def test_requests_are_let_through_while_redis_is_away() -> None:
    settings = Settings(rate_limit="1/minute", redis_url=f"redis://127.0.0.1:{free_port()}")
    answers = ask(settings, {}, {}, {})
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert not [answer for answer in answers if "RateLimit" in answer.headers]


def test_wrong_keys_are_counted_by_the_address(redis_url: str) -> None:
    settings = Settings(rate_limit="3/minute", redis_url=redis_url, auth="required")
    answers = ask(settings, *[{"X-API-Key": f"wrong {n}"} for n in range(4)], {})
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert answers[3].headers["Cache-Control"] == "private, no-cache"


def test_nothing_is_counted_where_there_is_no_limit(redis_url: str) -> None:
    (answer,) = ask(Settings(redis_url=redis_url), {})
    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers
    with connect(redis_url) as redis:
        assert not redis.keys("fp:rate:*")
