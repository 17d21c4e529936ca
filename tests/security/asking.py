"""An API in this process, asked without a socket, and as from any address."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
from fastapi import FastAPI

from fastprocesses_server.api.app import create_app
from fastprocesses_server.processes.registry import Registry
from fastprocesses_server.settings import Settings

Pairs = Sequence[tuple[str, str]]


def app_of(registry: Registry | None = None, **settings: Any) -> FastAPI:
    """Redis is not asked by what has no jobs."""
    return create_app(Settings(**settings), registry or Registry({}))


def ask(
    app: FastAPI, path: str = "/", headers: Pairs = (), *, method: str = "GET", client: str = "203.0.113.9", **more: Any
) -> httpx.Response:
    """Its answer; a `Host` comes from the headers, where they have one."""

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as asking:
            return await asking.request(method, path, headers=list(headers), **more)

    return asyncio.run(asyncio.wait_for(answer(), 10))
