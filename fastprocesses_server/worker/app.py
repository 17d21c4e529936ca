"""The Celery worker. Celery only wakes it: what runs, and how it ended, is in the store."""

import logging
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from secrets import token_hex
from typing import Any

from celery import Celery, platforms, signals
from celery.exceptions import CPendingDeprecationWarning
from kombu import Queue
from loguru import logger

from ..jobs.callbacks import QUEUE
from ..jobs.connection import STORE_ERRORS, celery_url, connect
from ..jobs.fitness import check_fitness
from ..jobs.leases import Leases
from ..jobs.messages import DELIVER, TASK
from ..jobs.reloads import first_number
from ..jobs.sweep import sweep
from ..processes.registry import Registry
from ..settings import Settings
from .delivery import Delivery
from .keeper import Keeper
from .runner import Runner
from .succession import HELD_BACK, Legacy, Line, Reloads, bequeath

POOL_SECONDS = 0.1
SWEEP_SECONDS = 600
LEAVE_SECONDS = 3
"""What a stop may take after the time of grace, before it is forced."""

CONFIGURATION = {
    "accept_content": ["json"],
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "task_ignore_result": True,
    "task_serializer": "json",
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_disable_prefetch": True,
    "worker_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "worker_max_tasks_per_child": 1000,
    "worker_prefetch_multiplier": 1,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
}

TRANSPORT = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}


def create_worker(settings: Settings, registry: Registry, reloads: Reloads, legacy: Legacy | None = None) -> Celery:
    """A Celery app with a task for jobs and one for callbacks, whose workers keep their leases while they run."""
    url = celery_url(settings.broker_url.get_secret_value())
    app = Celery("fastprocesses_server", broker=url, set_as_current=False)
    queues = settings.worker_queues or registry.queues
    _configure(app, url, queues)
    owner = legacy.owner if legacy else token_hex(8)
    runner = Runner(registry, settings, owner)
    delivery = Delivery(registry, settings)
    line = Line()
    leases = Leases(connect(settings.broker_url.get_secret_value()), settings, registry, owner, queues)
    inherited = (legacy.heirs, legacy.told) if legacy else ()
    keeper = Keeper(leases, settings.worker_grace_seconds, *inherited)

    @app.task(name=TASK)
    def execute(job_id: str) -> None:
        runner.run(job_id)
        line.end_if_dead()

    @app.task(name=DELIVER)
    def deliver(job_id: str) -> None:
        delivery.deliver(job_id)
        line.end_if_dead()

    def start(sender: Any, **_: Any) -> None:
        _replace_children_quickly(sender)
        if not keeper.is_alive():
            keeper.start()
        threading.Thread(target=_sweep, args=(settings,), name="sweep", daemon=True).start()
        reloads.start()
        signal.signal(signal.SIGHUP, lambda *_: reloads.asked.set())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
        sender.hub.call_repeatedly(POOL_SECONDS, lambda: _succeed(reloads, settings, keeper))
        logger.info("worker {} ready: {} processes, queues {}", owner, len(registry), ", ".join(queues))

    def enter_child(**_: Any) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
        line.enter_child()
        runner.enter_child()
        delivery.enter_child()

    signals.worker_ready.connect(start, weak=False)
    signals.worker_process_init.connect(enter_child, weak=False)
    _connect_ends(settings, keeper, reloads)
    return app


def _connect_ends(settings: Settings, keeper: Keeper, reloads: Reloads) -> None:
    """What happens long before a worker is ready, and when it is told to stop."""

    def take_over(**_: Any) -> None:
        if keeper.heirs:
            keeper.start()  # their jobs are waiting for its beat

    def stop(**_: Any) -> None:
        reloads.is_over = True
        threading.Thread(target=_leave, args=(keeper,), name="leave", daemon=True).start()

    def finish(**_: Any) -> None:
        if keeper.heirs:  # Celery knows nothing of them, and would end before they had their time of grace
            keeper.has_left.wait(settings.worker_grace_seconds + LEAVE_SECONDS)

    signals.worker_init.connect(take_over, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)
    signals.worker_shutdown.connect(finish, weak=False)


def _configure(app: Celery, url: str, queues: Iterable[str]) -> None:
    tcp = {} if url.startswith("redis+socket") else {"socket_keepalive": True}
    app.conf.update(CONFIGURATION, broker_transport_options={**TRANSPORT, **tcp})
    # Without acknowledgement: a failed one would cost the worker a slot for ever, and what is lost is sent again.
    app.conf.task_queues = [Queue(name, routing_key=name, no_ack=True) for name in (*queues, QUEUE)]


def _succeed(reloads: Reloads, settings: Settings, keeper: Keeper) -> None:
    """In the main thread: once there is a new registry, this process goes on with it as a new image."""
    if reloads.registry is None or reloads.is_over:
        return
    logger.info("worker {} takes over the new description files; its jobs go on", keeper.leases.owner)
    keeper.stopping.set()
    keeper.join()
    try:
        bequeath(Legacy(settings, reloads.registry, keeper.leases.owner, reloads.known, keeper.told))
    except OSError as error:
        logger.critical("this worker cannot start anew: {}", error)
        os._exit(1)


def _replace_children_quickly(consumer: Any) -> None:
    """Have the pool look for dead children often.

    It looks when a child closes its pipe, which may be just before that child can be waited for; its next look is
    5 seconds later, and messages that the child was handed wait as long.
    """
    consumer.hub.call_repeatedly(POOL_SECONDS, consumer.pool._pool.maintain_pool)  # noqa: SLF001 - there is no other way


def _sweep(settings: Settings) -> None:
    """A thread of its own: removing large files must not keep the keeper from its beats."""
    jobs, cache = (connect(url.get_secret_value()) for url in (settings.broker_url, settings.result_cache_url))
    while True:
        try:
            if removed := sweep(jobs, cache, settings.results_folder):
                logger.info("{} folders of expired results removed", removed)
        except STORE_ERRORS as error:
            logger.debug("the sweep waits for Redis: {}", error)
        time.sleep(SWEEP_SECONDS)


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
    """Until it is told to stop; the exit status.

    Raises:
        StartError: at the first start, for an unfit Redis or wrong description files.
    """
    url = settings.broker_url.get_secret_value()
    if legacy is None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # until it can be answered
        check_fitness(url)
    known = legacy.number if legacy else first_number(url)
    registry = legacy.registry if legacy else load()
    return _run(create_worker(settings, registry, Reloads(settings, load, known), legacy), settings.worker_concurrency)


def _run(app: Celery, concurrency: int | None) -> int:
    """Without a concurrency there is a child for each processor."""
    signals.setup_logging.connect(lambda **_: None, weak=False)  # the command line has set up the logs
    logging.getLogger("celery.worker.request").setLevel(logging.CRITICAL)  # the keeper tells what became of a job
    warnings.simplefilter("ignore", CPendingDeprecationWarning)  # said at every loss of Redis, of a default of Celery 6
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
