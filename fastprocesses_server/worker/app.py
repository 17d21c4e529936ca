"""The Celery worker. Celery only wakes it: what runs, and how it ended, is in the store."""

import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import Any

from celery import Celery, platforms, signals
from celery.worker.request import Request
from kombu import Queue
from loguru import logger

from ..jobs.callbacks import QUEUE
from ..jobs.connection import STORE_ERRORS, celery_options, celery_url, connect
from ..jobs.fitness import wait_for_fitness
from ..jobs.folder import check_folder
from ..jobs.leases import Leases
from ..jobs.messages import DELIVER, TASK
from ..jobs.reloads import first_number
from ..jobs.sweep import sweep
from ..processes.registry import Registry
from ..settings import Settings
from ..traces import check_traces, end_traces, start_traces
from .capture import Capture
from .consumer import PatientConsumer
from .delivery import Delivery
from .family import end_descendants, leave_connections
from .keeper import Keeper
from .pulse import Pulse
from .runner import Runner
from .scribe import Scribe
from .succession import HELD_BACK, Legacy, Line, Reloads, bequeath
from .turn import MOST_JOBS, Turn

POOL_SECONDS = 0.05
LOOK_SECONDS, SWEEP_SECONDS = 5, 600
LEAVE_SECONDS = 3
"""What a stop may take after the time of grace, before it is forced."""
IMPORT_SECONDS = 60
"""What a process for jobs may take to import all callables, before Celery gives it up."""

CONFIGURATION = {
    "accept_content": ["json"],
    "broker_channel_error_retry": True,  # a Redis refuses commands when it is a replica or has lost its own
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "task_ignore_result": True,
    "task_serializer": "json",
    "worker_consumer": PatientConsumer,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_disable_prefetch": True,
    "worker_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "worker_max_tasks_per_child": MOST_JOBS,
    "worker_prefetch_multiplier": 1,
    "worker_proc_alive_timeout": IMPORT_SECONDS,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
}


class Taken(Request):
    """What a message asks for. It needs no acknowledgement, which kombu would send to Redis and keep for ever."""

    acknowledged = True


def create_worker(settings: Settings, registry: Registry, reloads: Reloads, legacy: Legacy | None = None) -> Celery:
    """A Celery app with a task for jobs and one for callbacks, whose workers keep their leases while they run."""
    url = settings.broker_url.get_secret_value()
    app = Celery("fastprocesses_server", broker=celery_url(url), set_as_current=False)
    queues = settings.worker_queues or registry.queues
    _configure(app, url, queues)
    owner = legacy.owner if legacy else token_hex(8)
    capture = Capture(legacy.lanes.ends if legacy else None)
    line = Line()
    runner = Runner(registry, settings, owner, capture, Turn(line.is_dead), queues=queues)
    delivery = Delivery(registry, settings)
    leases = Leases(connect(url), settings, registry, owner, queues)
    keeper = _create_keeper(settings, leases, capture, legacy)

    @app.task(name=TASK, Request=Taken)
    def execute(job_id: str) -> None:
        runner.run(job_id)
        line.end_if_dead()

    @app.task(name=DELIVER, Request=Taken)
    def deliver(job_id: str) -> None:
        delivery.deliver(job_id)
        line.end_if_dead()

    def start(sender: Any, **_: Any) -> None:
        _replace_children_quickly(sender)
        signal.signal(signal.SIGHUP, lambda *_: reloads.asked.set())
        _start_threads(settings, keeper)
        reloads.start()
        sender.hub.call_repeatedly(POOL_SECONDS, lambda: _succeed(reloads, settings, keeper))
        logger.info("worker {} ready: {}, queues {}", owner, registry.size, ", ".join(queues))

    def enter_child(**_: Any) -> None:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
            leave_connections()
            line.enter_child()
            keeper.scribe.leave_child()
            runner.enter_child()
            delivery.enter_child()
            start_traces(settings)
            if settings.reload:
                runner.import_all()
        except Exception as error:  # noqa: BLE001 - Celery would go on, and hand jobs to a child that cannot run any
            logger.critical("a process for jobs cannot start: {}: {}", type(error).__name__, error)
            os._exit(1)

    def leave_child(**_: Any) -> None:
        end_descendants()
        end_traces()

    signals.worker_ready.connect(start, weak=False)
    signals.worker_process_init.connect(enter_child, weak=False)
    signals.worker_process_shutdown.connect(leave_child, weak=False)
    _connect_ends(settings, keeper, reloads)
    return app


def _connect_ends(settings: Settings, keeper: Keeper, reloads: Reloads) -> None:
    """What happens long before a worker is ready, and when it is told to stop."""

    def take_over(**_: Any) -> None:
        if keeper.heirs:
            _start(keeper)  # their jobs are waiting for its beat, and that somebody reads what they say

    def stop(**_: Any) -> None:
        reloads.is_over = True
        threading.Thread(target=_leave, args=(keeper,), name="leave", daemon=True).start()

    def finish(**_: Any) -> None:
        if keeper.heirs:  # Celery knows nothing of them, and would end before they had their time of grace
            keeper.has_left.wait(settings.worker_grace_seconds + LEAVE_SECONDS)

    signals.worker_init.connect(take_over, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)
    signals.worker_shutdown.connect(finish, weak=False)


def _create_keeper(settings: Settings, leases: Leases, capture: Capture, legacy: Legacy | None) -> Keeper:
    grace, pulse = settings.worker_grace_seconds, Pulse(settings.worker_pulse)
    if legacy is None:
        return Keeper(leases, Scribe(capture, leases), grace, pulse=pulse)
    leases.folder = legacy.folder
    scribe = Scribe(capture, leases, legacy.lanes)
    return Keeper(leases, scribe, grace, heirs=legacy.heirs, told=legacy.told, ages=legacy.ages, pulse=pulse)


def _start_threads(settings: Settings, keeper: Keeper) -> None:
    """They live as long as this image, and must not take the signals that are held back for the next one."""
    with suppress(*STORE_ERRORS):
        keeper.leases.look_at(settings.results_folder)  # so that the first heartbeat tells it
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    _start(keeper)
    threading.Thread(target=_look_after_folder, args=(settings, keeper.leases), name="folder", daemon=True).start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)


def _start(keeper: Keeper) -> None:
    """Where it was not started for its heirs."""
    if not keeper.is_alive():
        keeper.scribe.start()
        keeper.start()


def _configure(app: Celery, url: str, queues: Iterable[str]) -> None:
    app.conf.update(CONFIGURATION, broker_transport_options=celery_options(url))
    # Without acknowledgement: a failed one would cost the worker a slot for ever, and what is lost is sent again.
    app.conf.task_queues = [Queue(name, routing_key=name, no_ack=True) for name in (*queues, QUEUE)]


def _succeed(reloads: Reloads, settings: Settings, keeper: Keeper) -> None:
    """In the main thread: once there is a new registry, this process goes on with it as a new image."""
    if reloads.registry is None:
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    if reloads.is_over:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
        return
    leases = keeper.leases
    logger.info("worker {} takes over the new description files; its jobs go on", leases.owner)
    keeper.stopping.set()
    keeper.join()
    lanes = keeper.scribe.hand_over()
    try:
        told, ages = keeper.told, keeper.ages
        bequeath(Legacy(settings, reloads.registry, leases.owner, reloads.known, told, ages, lanes, leases.folder))
    except OSError as error:
        logger.critical("this worker cannot start anew: {}", error)
        os._exit(1)


def _replace_children_quickly(consumer: Any) -> None:
    """Have the pool look for dead children often.

    It looks when a child closes its pipe, which may be just before that child can be waited for; its next look is
    5 seconds later, and messages that the child was handed wait as long.
    """
    consumer.hub.call_repeatedly(POOL_SECONDS, consumer.pool._pool.maintain_pool)  # noqa: SLF001 - there is no other way


def _look_after_folder(settings: Settings, leases: Leases) -> None:
    """A thread of its own: a slow disk must not keep the keeper from its beats."""
    with logger.catch(level="CRITICAL"):
        _look_on(settings, leases)
    os._exit(1)  # its heartbeats would tell for ever what was seen last


def _look_on(settings: Settings, leases: Leases) -> None:
    jobs, cache = (connect(url.get_secret_value()) for url in (settings.broker_url, settings.result_cache_url))
    folder, next_sweep = settings.results_folder, time.monotonic()
    while True:
        try:
            store = leases.look_at(folder)
            if time.monotonic() >= next_sweep:
                next_sweep = time.monotonic() + SWEEP_SECONDS
                if removed := sweep(jobs, cache, folder, store):
                    logger.info("{} folders of expired results removed", removed)
        except (*STORE_ERRORS, OSError) as error:
            logger.debug("the sweep waits: {}", error)
        time.sleep(LOOK_SECONDS)


def _leave(keeper: Keeper) -> None:
    with logger.catch():
        try:
            keeper.leave()
        except STORE_ERRORS as error:
            logger.warning("the jobs of this worker cannot be given back, others will take them over: {}", error)
        finally:
            keeper.has_left.set()
    threading.Event().wait(LEAVE_SECONDS)
    os._exit(0)  # a pool whose children were killed may wait for them for ever


def run_worker(settings: Settings, load: Callable[[], Registry], legacy: Legacy | None = None) -> int:
    """Until it is told to stop; the exit status. At the first start it waits for Redis.

    Raises:
        StartError: traces cannot be sent; at the first start, for an unfit Redis, wrong description files, or a folder
            that cannot be written.
    """
    check_traces(settings)  # its children have then imported what they need
    known, registry = (legacy.number, legacy.registry) if legacy else _begin(settings, load)
    return _run(create_worker(settings, registry, Reloads(settings, load, known), legacy), settings.worker_concurrency)


def _begin(settings: Settings, load: Callable[[], Registry]) -> tuple[int, Registry]:
    """The number of the reloads, and the registry."""
    url = settings.broker_url.get_secret_value()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # until it can be answered
    known, registry = first_number(url), load()
    check_folder(settings.results_folder)
    Pulse(settings.worker_pulse).clear()
    with _ending_on_signals():
        wait_for_fitness(url)
    return known, registry


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """A process that only waits ends quietly when it is told to, also as the first one of a container."""

    def end(_number: int, _frame: object) -> None:
        sys.exit(0)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(app: Celery, concurrency: int | None) -> int:
    """Without a concurrency there is a child for each processor."""
    signals.setup_logging.connect(lambda **_: None, weak=False)  # the command line has set up the logs
    # The keeper tells what became of a job, and an acknowledgement that fails is of no consequence.
    logging.getLogger("celery.worker.request").setLevel(logging.CRITICAL + 1)
    if os.geteuid() == 0:
        warnings.simplefilter("ignore", platforms.SecurityWarning)  # type: ignore[attr-defined] # its stub lacks it
        logger.warning("this worker runs as root, and so do the callables")
    worker = app.Worker(
        pool="prefork",
        concurrency=concurrency or os.cpu_count() or 1,
        loglevel="WARNING",
        without_gossip=True,
        without_heartbeat=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)
