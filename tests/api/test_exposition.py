"""Metrics as text: read back by the library of Prometheus, whatever labels hold, and cheap for a thousand processes."""

import time
from collections.abc import Callable

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open_metrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from fastprocesses_server.api.exposition import OPEN_METRICS, TEXT, Family, media_type_for, write
from fastprocesses_server.api.metric_families import of_store
from fastprocesses_server.jobs.counts import JOB_BOUNDS, Measures, Times

READERS = {TEXT: read_text, OPEN_METRICS: read_open_metrics}
AWKWARD = 'a "b" \\ c\nd {é} , =\\n'
BUCKETS = [("0.1", 1), ("+Inf", 3)]
FAMILIES = [
    Family("fp_build", "info", "Version.", ("version",), {("1.0",): 1}),
    Family("fp_up", "gauge", "Whether it is.", (), {(): True}),
    Family("fp_age_seconds", "gauge", "How old.", ("queue",), {(AWKWARD,): 1e-7, ("b",): 1e22}),
    Family("fp_jobs", "counter", "How many.", ("process", "status"), {("a", "failed"): 2}),
    Family("fp_none", "counter", "None.", ("process",), {}),
    Family("fp_run_seconds", "histogram", "How long.", ("process",), {("a",): Times(BUCKETS, 7.25)}),
]


@pytest.mark.parametrize("media_type", [TEXT, OPEN_METRICS])
def test_what_is_written_is_what_is_read(media_type: str) -> None:
    read = list(READERS[media_type](write(FAMILIES, media_type).decode()))
    samples = {(one.name, *sorted(one.labels.items())): one.value for family in read for one in family.samples}
    assert samples == {
        ("fp_build_info", ("version", "1.0")): 1,
        ("fp_up",): 1,
        ("fp_age_seconds", ("queue", AWKWARD)): 1e-7,
        ("fp_age_seconds", ("queue", "b")): 1e22,
        ("fp_jobs_total", ("process", "a"), ("status", "failed")): 2,
        ("fp_run_seconds_bucket", ("le", "0.1"), ("process", "a")): 1,
        ("fp_run_seconds_bucket", ("le", "+Inf"), ("process", "a")): 3,
        ("fp_run_seconds_count", ("process", "a")): 3,
        ("fp_run_seconds_sum", ("process", "a")): 7.25,
    }
    kinds = {family.name.removesuffix("_info"): (family.type, family.documentation) for family in read}
    info = "info" if media_type == OPEN_METRICS else "gauge"
    assert kinds == {one.name: (info if one.kind == "info" else one.kind, one.text) for one in FAMILIES}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("application/json", TEXT),
        ("application/openmetrics-text", OPEN_METRICS),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", OPEN_METRICS),
    ],
)
def test_open_metrics_are_for_those_who_name_them(accept: str, media_type: str) -> None:
    assert media_type_for(accept) == media_type


def test_metrics_of_a_thousand_processes_are_written_in_a_moment(figure: Callable[..., None]) -> None:
    counted = {}
    for process in (f"process-{number}" for number in range(1000)):
        counted |= {f"created {process}".encode(): b"9", f"ended successful {process}".encode(): b"9"}
        for what in ("wait", "run"):
            counted |= {f"{what} {bound} {process}".encode(): b"2" for bound in (*JOB_BOUNDS, "sum")}
    begun = time.process_time()
    measures = Measures.read(counted, 1, [])
    body = write(of_store(measures, [f"process-{number}" for number in range(1000)]), TEXT)
    figure("metrics of 1,000 processes", time.process_time() - begun, "s", 3)
    assert body.count(b"\n") > 35_000
