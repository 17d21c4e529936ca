"""The Celery worker. Celery only wakes it: what runs, and how it ended, is in the store."""

import logging
import os
import threading
import time
import warnings
from contextlib import suppress
from secrets import token_hex
from typing import Any

from celery import Celery, platforms, signals
from celery.worker.request import Request
from kombu import Queue
from loguru import logger

from ..jobs.callbacks import QUEUE
from ..jobs.connection import STORE_ERRORS, celery_options, celery_url, connect
from ..jobs.leases import Leases
from ..jobs.messages import DELIVER, TASK
from ..jobs.sweep import sweep
from ..processes.registry import Registry
from ..settings import Settings
from .consumer import PatientConsumer
from .delivery import Delivery
from .family import end_descendants
from .keeper import Keeper
from .runner import Runner
from .scribe import Scribe

POOL_SECONDS = 0.1
LOOK_SECONDS, SWEEP_SECONDS = 5, 600
LEAVE_SECONDS = 3
"""What a stop may take after the time of grace, before it is forced."""

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
    "worker_max_tasks_per_child": 1000,
    "worker_prefetch_multiplier": 1,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
}


class Taken(Request):
    """What a message asks for. It needs no acknowledgement, which kombu would send to Redis and keep for ever."""

    acknowledged = True


def create_worker(settings: Settings, registry: Registry) -> Celery:
    """A Celery app with a task for jobs and one for callbacks, whose workers keep their leases while they run."""
    url = settings.broker_url.get_secret_value()
    app = Celery("fastprocesses_server", broker=celery_url(url), set_as_current=False)
    queues = settings.worker_queues or registry.queues
    app.conf.update(CONFIGURATION, broker_transport_options=celery_options(url))
    # Without acknowledgement: a failed one would cost the worker a slot for ever, and what is lost is sent again.
    app.conf.task_queues = [Queue(name, routing_key=name, no_ack=True) for name in (*queues, QUEUE)]
    owner = token_hex(8)
    runner = Runner(registry, settings, owner)
    delivery = Delivery(registry, settings)
    leases = Leases(connect(url), settings, registry, owner, queues)
    scribe = Scribe(runner.capture, leases)
    keeper = Keeper(leases, scribe, settings.worker_grace_seconds)

    @app.task(name=TASK, Request=Taken)
    def execute(job_id: str) -> None:
        runner.run(job_id)

    @app.task(name=DELIVER, Request=Taken)
    def deliver(job_id: str) -> None:
        delivery.deliver(job_id)

    def start(sender: Any, **_: Any) -> None:
        _replace_children_quickly(sender)
        with suppress(*STORE_ERRORS):
            leases.look_at(settings.results_folder)  # so that the first heartbeat tells it
        scribe.start()
        keeper.start()
        threading.Thread(target=_look_after_folder, args=(settings, leases), name="folder", daemon=True).start()
        logger.info("worker {} ready: {} processes, queues {}", owner, len(registry), ", ".join(queues))

    def stop(**_: Any) -> None:
        threading.Thread(target=_leave, args=(keeper,), name="leave", daemon=True).start()

    def enter_child(**_: Any) -> None:
        try:
            scribe.leave_child()
            runner.enter_child()
            delivery.enter_child()
        except Exception as error:  # noqa: BLE001 - Celery would go on, and hand jobs to a child that cannot run any
            logger.critical("a process for jobs cannot start: {}: {}", type(error).__name__, error)
            os._exit(1)

    def leave_child(**_: Any) -> None:
        end_descendants()

    signals.worker_ready.connect(start, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)
    signals.worker_process_init.connect(enter_child, weak=False)
    signals.worker_process_shutdown.connect(leave_child, weak=False)
    return app


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
    threading.Event().wait(LEAVE_SECONDS)
    os._exit(0)  # a pool whose children were killed may wait for them for ever


def run_worker(app: Celery, concurrency: int | None) -> int:
    """Until it is told to stop; the exit status. Without a concurrency there is a child for each processor."""
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
