"""What Prometheus reads, made of what was counted. Labels are of bounded sets: no client can make a new one."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from .. import __version__
from ..jobs.counts import Labels, Measures, QueueState, Times
from ..jobs.record import Status
from .exposition import Family

PREFIX = "fastprocesses_"
PROCESS = ("process",)
QUEUE = ("queue",)
Values = dict[Labels, float]
ENDS = [status.value for status in Status if status.is_final]


def about(*, is_up: bool, is_fit: bool) -> Iterator[Family]:
    """What is known without the store too."""
    build: Values = {(__version__, platform.python_version()): 1}
    yield Family(PREFIX + "build", "info", "The server's version, and Python's.", ("version", "python"), build)
    yield _gauge("store_up", "Whether the Redis of the jobs answers.", (), {(): is_up})
    yield _gauge("store_fit", "Whether it may be trusted with new jobs.", (), {(): is_up and is_fit})


def of_store(measures: Measures, processes: Iterable[str]) -> Iterator[Family]:
    """Everything else. Of these processes zeros are told too, so that their first event shows as a change."""
    yield from _of_jobs(measures, [*processes])
    yield from _of_queues(measures.queues)
    yield _gauge("workers", "Workers that are alive, or not yet known to be lost.", (), {(): measures.workers})
    lost: Values = {(): 0} | dict(measures.of("workers-lost"))
    yield _counter("workers_lost", "Workers that fell silent without leaving.", (), lost)
    yield from _of_requests(measures)


def _of_jobs(measures: Measures, processes: Sequence[str]) -> Iterator[Family]:
    accepted: Values = {(process,): 0 for process in processes}
    ended: Values = {(process, end): 0 for process in processes for end in ENDS}
    waits, runs, now = measures.waits(), measures.runs(), measures.unfinished()
    unfinished: Values = {(*process, Status.ACCEPTED): numbers[0] for process, numbers in now.items()}
    unfinished |= {(*process, Status.RUNNING): numbers[1] for process, numbers in now.items()}
    by_status = (*PROCESS, "status")
    yield _gauge("jobs_unfinished", "Jobs and synchronous runs that have not ended.", by_status, unfinished)
    accepted |= dict(measures.of("created"))
    yield _counter("jobs_accepted", "Jobs and synchronous runs that were taken.", PROCESS, accepted)
    yield _counter("jobs_ended", "Those that have ended.", by_status, ended | _process_first(measures, "ended"))
    yield _counter(
        "job_attempts", "Starts of jobs.", PROCESS, {process: times.number for process, times in waits.items()}
    )
    text, setbacks = "Attempts that did not end their job in the ordinary way.", _process_first(measures, "setback")
    yield _counter("job_setbacks", text, (*PROCESS, "cause"), setbacks)
    yield _histogram("job_wait_seconds", "Between acceptance, or coming back, and a start.", PROCESS, waits)
    yield _histogram("job_run_seconds", "Of the attempts that ended their jobs.", PROCESS, runs)
    text, uses = "Executions whose outputs may be cached.", _process_first(measures, "cache")
    yield _counter("cache_requests", text, (*PROCESS, "result"), uses)


def _process_first(measures: Measures, what: str) -> Values:
    return {(process, word): number for (word, process), number in measures.of(what)}


def _of_queues(queues: Sequence[QueueState]) -> Iterator[Family]:
    def by_queue(value: Callable[[QueueState], float | None]) -> Values:
        return {(queue.name,): number for queue in queues if (number := value(queue)) is not None}

    yield _gauge("queue_jobs", "Jobs in a queue.", QUEUE, by_queue(lambda queue: queue.waiting))
    yield _gauge("queue_age_seconds", "How long its first job has waited.", QUEUE, by_queue(lambda queue: queue.age))
    yield _gauge("queue_workers", "Its live workers.", QUEUE, by_queue(lambda queue: queue.workers))
    text = "Since the last heartbeat of its worker that is silent longest."
    yield _gauge("queue_heartbeat_age_seconds", text, QUEUE, by_queue(lambda queue: queue.silence))


def _of_requests(measures: Measures) -> Iterator[Family]:
    counts: Values = dict(measures.of("http"))
    yield _counter("http_requests", "Requests that were answered.", ("method", "status", "route"), counts)
    text = "Until the end of an answer."
    yield _histogram("http_request_duration_seconds", text, ("method", "route"), measures.requests())


def _gauge(name: str, text: str, labels: Sequence[str], values: Values) -> Family:
    return Family(PREFIX + name, "gauge", text, labels, values)


def _counter(name: str, text: str, labels: Sequence[str], values: Values) -> Family:
    return Family(PREFIX + name, "counter", text, labels, values)


def _histogram(name: str, text: str, labels: Sequence[str], values: Mapping[Labels, Times]) -> Family:
    return Family(PREFIX + name, "histogram", text, labels, values)
