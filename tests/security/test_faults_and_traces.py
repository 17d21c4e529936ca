"""What a client hears of a fault, what the log has of it, and when traces are sent: without a server."""

import asyncio
import json
import subprocess
import sys
from io import StringIO

import httpx
import pytest
from fastapi import FastAPI
from loguru import logger

from fastprocesses_server import traces
from fastprocesses_server.api.middleware.trails import FollowRequests
from fastprocesses_server.api.problems import add_problem_handlers
from fastprocesses_server.errors import StartError
from fastprocesses_server.log_lines import formatter
from fastprocesses_server.logs import _tell_trail
from fastprocesses_server.settings import Settings

CANARY = "postgresql://anna:canary@db/plans"
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}


async def ask(path: str, headers: dict[str, str]) -> httpx.Response:
    app = FastAPI()

    @app.get("/fault")
    async def fault() -> None:
        raise RuntimeError(CANARY)

    add_problem_handlers(app)
    app.add_middleware(FollowRequests)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path, headers=headers)


def test_a_fault_is_told_by_the_name_of_its_request_and_the_log_has_the_rest() -> None:
    log = StringIO()
    sink = logger.add(log, format=formatter("json"), diagnose=False)
    logger.configure(patcher=_tell_trail)
    try:
        answer = asyncio.run(ask("/fault?token=secret", {"X-Request-Id": "mine", "Accept": "application/json"}))
    finally:
        logger.remove(sink)
        logger.configure(patcher=lambda _: None)
    access, fault = map(json.loads, log.getvalue().splitlines())

    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] == "mine"
    assert answer.json()["detail"] == "An error of the server. Its log has the details under mine."
    assert "canary" not in answer.text
    assert (fault["level"], fault["request_id"]) == ("ERROR", "mine")
    assert fault["message"] == "fault mine: GET /fault"
    assert fault["details"].endswith(f"RuntimeError: {CANARY}\n")
    assert (access["level"], access["status"]) == ("INFO", 500)
    assert "secret" not in log.getvalue()


@pytest.mark.parametrize(
    ("setting", "environment", "wanted"),
    [
        (None, {}, False),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        (None, ENDPOINT, True),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, True),
        ("on", {}, True),
        ("off", ENDPOINT, False),
    ],
)
def test_traces_are_sent_where_there_is_somebody_to_send_them_to_or_they_are_wanted(
    setting: str | None, environment: dict[str, str], wanted: bool
) -> None:
    settings = Settings.model_validate({"traces": setting})

    assert traces.are_wanted(settings, environment) == wanted


def test_a_missing_extra_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    assert not traces.check_traces(Settings(traces=False))
    with pytest.raises(StartError, match=r"pip install 'fastprocesses-server\[otel\]', or set FP_TRACES=off"):
        traces.check_traces(Settings(traces=True))


def test_a_protocol_that_is_not_spoken_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")

    with pytest.raises(StartError, match=r"OTEL_EXPORTER_OTLP_PROTOCOL: .* http/protobuf"):
        traces.check_traces(Settings(traces=True))


def test_what_is_off_costs_nothing() -> None:
    asks = "import sys, fastprocesses_server.worker.app; print('opentelemetry.exporter' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
    assert traces.span("run", "consumer", {}) is not None
    with traces.span("run", "consumer", {}) as nothing:
        traces.note({"ogc.job.status": "failed"}, is_fault=True)
    assert nothing is None
