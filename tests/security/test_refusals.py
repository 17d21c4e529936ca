"""Wrong keys and tokens: more than a few from one address get 429, and whoever has a right one notices nothing."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import Request
from serving import free_port
from upper import make_registry

from fastprocesses_server.api.app import create_app
from fastprocesses_server.api.callers.refusals import MOST, Refusals
from fastprocesses_server.errors import TokenHasExpired, TooManyRefusals, Unauthorized
from fastprocesses_server.jobs.api_keys import KeysInRedis, make_key
from fastprocesses_server.jobs.connection import connect, connect_async
from fastprocesses_server.jobs.rates import Rates
from fastprocesses_server.settings import Settings

HERE, THERE, PROXY = "203.0.113.7", "203.0.113.8", "10.0.0.7"
WRONG = {"X-API-Key": "fp_wrong"}
LOG_IN = {"Content-Type": "application/x-www-form-urlencoded"}
Asked = tuple[str, str, dict[str, str]]


@pytest.fixture
def key(redis_url: str) -> str:
    secret, key = make_key("ada", (), None, datetime.now(UTC))
    assert KeysInRedis(redis_url).add(key)
    return secret


def ask(settings: Settings, requests: Sequence[Asked]) -> list[httpx.Response]:
    """Each with the address that it comes from, its path and its headers; `/login` is posted, with the wrong key."""
    app = create_app(settings, make_registry())

    async def answers() -> list[httpx.Response]:
        found = []
        for address, path, headers in requests:
            transport = httpx.ASGITransport(app, client=(address, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                form = (
                    {"content": "key=fp_wrong", "headers": LOG_IN | headers}
                    if path == "/login"
                    else {"headers": headers}
                )
                found.append(await client.request("POST" if path == "/login" else "GET", path, **form))
        await app.state.services.store.redis.aclose()
        return found

    return asyncio.run(answers())


def test_wrong_keys_get_429_after_a_few_and_right_ones_are_taken_from_everywhere(
    redis_url: str, key: str, said: list[str]
) -> None:
    right, wrong = {"X-API-Key": key}, [(HERE, "/jobs", WRONG)] * (MOST.count + 3)
    others: list[Asked] = [
        (HERE, "/jobs", right),
        (HERE, "/conformance", {}),
        (HERE, "/jobs", {}),
        (THERE, "/jobs", WRONG),
    ]
    answers = ask(Settings(auth="required", redis_url=redis_url), [*wrong, *others, (HERE, "/login", {})])
    assert [answer.status_code for answer in answers] == [401] * MOST.count + [429] * 3 + [200, 200, 401, 401, 429]
    refused = answers[MOST.count]
    assert 0 < int(refused.headers["Retry-After"]) <= MOST.seconds
    assert refused.headers["Cache-Control"] == "private, no-cache"
    problem = refused.json()
    assert (problem["title"], problem["violated-policies"]) == ("Too many wrong keys", ["wrong-keys"])
    assert "A right one is taken at any time" in problem["detail"]
    assert len([line for line in said if line.startswith(f"401 for {HERE}")]) == MOST.count
    assert len([line for line in said if line.startswith(f"429 for {HERE}")]) == 1


def test_the_log_in_counts_and_pages_say_so(redis_url: str) -> None:
    answers = ask(Settings(auth="required", redis_url=redis_url), [(HERE, "/login", {"Accept": "text/html"})] * 21)
    assert [answer.status_code for answer in answers] == [401] * 20 + [429]
    assert "<h1>Too many wrong keys</h1>" in answers[20].text


def test_clients_behind_a_trusted_proxy_are_counted_apart(redis_url: str, said: list[str]) -> None:
    settings = Settings(auth="required", redis_url=redis_url, trusted_proxies=(PROXY,))
    sent: list[Asked] = [
        (PROXY, "/jobs", {**WRONG, "X-Forwarded-For": f"{HERE if n else THERE}"}) for n in [1] * 21 + [0]
    ]
    assert [answer.status_code for answer in ask(settings, sent)] == [401] * 20 + [429, 401]
    assert f"401 for {THERE}: unknown, revoked or expired" in said


def test_the_count_leaves_nothing(redis_url: str) -> None:
    ask(Settings(auth="required", redis_url=redis_url), [(HERE, "/jobs", WRONG)])
    with connect(redis_url) as redis:
        left: Any = redis.pttl(f"fp:rate:wrong:{HERE}")
    assert 0 < left <= MOST.seconds * 1000


def judged(url: str, problem: Unauthorized, times: int) -> list[Any]:
    async def judge() -> list[Any]:
        redis = connect_async(url)
        refusals = Refusals(Settings(), Rates(redis, MOST))
        request = Request({"type": "http", "client": (HERE, 1), "headers": [], "state": {}})
        try:
            return [await refusals.answer(request, problem) for _ in range(times)]
        finally:
            await redis.aclose()

    return asyncio.run(judge())


def test_a_token_that_was_right_once_is_no_guess(redis_url: str) -> None:
    problem = TokenHasExpired("The token has expired.", "the token has expired")
    assert judged(redis_url, problem, 30) == [problem] * 30
    assert isinstance(judged(redis_url, Unauthorized("No.", "wrong"), 21)[20], TooManyRefusals)


def test_nothing_is_counted_while_redis_is_away() -> None:
    problem = Unauthorized("No.", "wrong")
    assert judged(f"redis://127.0.0.1:{free_port()}", problem, 30) == [problem] * 30
