"""Traces, by OpenTelemetry: from a request through the queue into the callable. Only the command line starts them.

OpenTelemetry is an extra, and imported only where traces are wanted; its own environment variables (OTEL_…) hold.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from . import __version__, trail
from .errors import StartError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

    from .settings import Settings

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
SERVICE = "fastprocesses-server"

DELAY_MILLISECONDS = 1000
"""Unless OTEL_BSP_SCHEDULE_DELAY says otherwise. A process for jobs may be killed: little is to be lost then."""

END_SECONDS = 2.0
"""What the last spans may take on their way out."""

Facts = Mapping[str, str | int]
Kind = Literal["server", "producer", "consumer", "client"]


class _Started:
    """Of this process."""

    tracer: "Tracer | None" = None
    provider: "TracerProvider | None" = None


def are_wanted(settings: "Settings", environment: Mapping[str, str]) -> bool:
    if settings.traces is None:
        return any(environment.get(name) for name in ENDPOINTS)
    return settings.traces


def check_traces(settings: "Settings") -> bool:
    """Whether traces are wanted.

    Raises:
        StartError: they are, and cannot be sent.
    """
    if not are_wanted(settings, os.environ):
        return False
    for name in PROTOCOLS:
        if os.environ.get(name, "http/protobuf") != "http/protobuf":
            raise StartError(f"{name}: traces are sent by http/protobuf alone")
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter  # noqa: PLC0415
        import opentelemetry.sdk.trace.export  # noqa: F401, PLC0415
    except ImportError as error:
        raise StartError(
            f"FP_TRACES: {error.name or error} is missing; install it with pip install 'fastprocesses-server[otel]', "
            "or set FP_TRACES=off"
        ) from None
    return True


def start_traces(settings: "Settings") -> None:
    """In this process, with a thread that sends spans: not before a fork."""
    if not check_traces(settings):
        return
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.version": __version__})
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": SERVICE}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    delay = None if "OTEL_BSP_SCHEDULE_DELAY" in os.environ else DELAY_MILLISECONDS
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=delay))
    trace.set_tracer_provider(provider)  # for authors' own spans
    _Started.provider, _Started.tracer = provider, provider.get_tracer(SERVICE, __version__)


def end_traces() -> None:
    """Send what there is, unless that takes long."""
    if _Started.provider:
        ending = threading.Thread(target=_Started.provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(END_SECONDS)


def span(name: str, kind: Kind, facts: Facts) -> AbstractContextManager[None]:
    """A part of the trail's trace, which the trail leads through meanwhile; nothing where traces are off."""
    return _span(_Started.tracer, name, kind, facts) if _Started.tracer else nullcontext()


@contextmanager
def _span(tracer: "Tracer", name: str, kind: Kind, facts: Facts) -> Iterator[None]:
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    w3c, here = TraceContextTextMapPropagator(), trail.current()
    parent = w3c.extract(trail.trace_headers(here)) if here.traceparent else None
    # What an exception says is not told: it may hold what only the log may know.
    with tracer.start_as_current_span(
        name, parent, trace.SpanKind[kind.upper()], dict(facts), record_exception=False, set_status_on_exception=False
    ):
        carrier: dict[str, str] = {}
        w3c.inject(carrier)
        within = carrier.get("traceparent", here.traceparent)
        trail.begin(replace(here, traceparent=within, tracestate=carrier.get("tracestate", here.tracestate)))
        yield
        trail.begin(here)  # not after an exception: whoever tells of it tells the trace


def note(facts: Facts, *, name: str = "", is_fault: bool = False) -> None:
    """Of the span that is current."""
    if _Started.tracer is None:
        return
    from opentelemetry import trace  # noqa: PLC0415

    now = trace.get_current_span()
    now.set_attributes(dict(facts))
    if name:
        now.update_name(name)
    if is_fault:
        now.set_status(trace.StatusCode.ERROR)
