"""Commands that start things, or have them read the files again."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import Processes, app, load_processes, look_for_garbage, read_settings, write

if TYPE_CHECKING:
    from ..api.serving.listening import Address
    from ..settings import Settings

Host = Annotated[str | None, typer.Option(help="Address to listen on. [FP_HOST, 127.0.0.1]", show_default=False)]
Port = Annotated[int | None, typer.Option(help="Port to listen on. [FP_PORT, 8000]", show_default=False)]
Workers = Annotated[
    int | None, typer.Option(help="Workers to start beside the API. [FP_WORKERS, 0]", min=0, show_default=False)
]
State = Annotated[
    Path | None,
    typer.Option("--state", help="Folder for jobs and results. [FP_STATE_DIR, .fastprocesses]", show_default=False),
]
Concurrency = Annotated[
    int | None,
    typer.Option(help="Callables run at a time. [FP_WORKER_CONCURRENCY, number of processors]", show_default=False),
]
Queues = Annotated[
    str | None, typer.Option(help="Queues to serve, comma-separated. [FP_WORKER_QUEUES, all]", show_default=False)
]
Reload = Annotated[
    bool | None,
    typer.Option(
        "--reload",
        help="Take over description files and modules as they are saved; running jobs end with the old code. "
        "[FP_RELOAD, off]",
        show_default=False,
    ),
]
UnixSocket = Annotated[
    Path | None,
    typer.Option("--unix-socket", help="Unix socket to listen on instead. [FP_UNIX_SOCKET]", show_default=False),
]
ApiProcesses = Annotated[
    int | None,
    typer.Option(help="API processes to start on one address. [FP_API_PROCESSES, 1]", min=1, show_default=False),
]
Sockets = Annotated[str, typer.Option("--sockets", hidden=True, help="Descriptors of the sockets to listen on.")]
Told = Annotated[bool, typer.Option("--told", hidden=True, help="Whoever started it warns of the description files.")]

STOP_SECONDS = 5
"""What a worker that stops may take beside the grace of its jobs, or an API beside that of its requests."""


@app.command()
def dev(
    host: Host = None, port: Port = None, processes: Processes = None, state: State = None, reload: Reload = None
) -> None:
    """Start everything: an embedded Valkey, a worker and the API. Jobs survive a restart."""
    from ..standalone.dev import run_dev
    from ..traces import check_traces

    settings = read_settings(host=host, port=port, processes_dir=processes, state_dir=state, reload=reload)
    check_traces(settings)
    load_processes(settings, is_told=True)  # the API will
    sys.exit(
        run_dev(
            address=_address(settings),
            state_dir=settings.state_dir,
            embedded=not settings.names_a_redis,
            environment=_passed_on(settings),
            api_grace=settings.api_grace_seconds + STOP_SECONDS,
            worker_grace=settings.worker_grace_seconds + STOP_SECONDS,
            form=settings.log_format,
        )
    )


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    *,
    unix_socket: UnixSocket = None,
    processes: Processes = None,
    api_processes: ApiProcesses = None,
    workers: Workers = None,
    reload: Reload = None,
    sockets: Sockets = "",
    told: Told = False,
) -> None:
    """Start the API, in one process or several, alone or with workers; Redis is found by the settings.

    Of several processes, those that end are started again. SIGHUP has them read the description files again.
    """
    from loguru import logger

    from ..api.serving.server import run_server
    from ..jobs.fitness import check_fitness
    from ..jobs.reloads import ask_all
    from ..standalone.dev import run_serve
    from ..traces import check_traces

    settings = read_settings(
        host=host,
        port=port,
        unix_socket=unix_socket,
        processes_dir=processes,
        api_processes=api_processes,
        workers=workers,
        reload=reload,
    )
    check_traces(settings)
    if why := check_fitness(settings.broker_url.get_secret_value()):
        logger.warning("the Redis of the jobs {}: no jobs are taken until it is back", why)
    if settings.workers or settings.api_processes > 1:
        sys.exit(
            run_serve(
                address=_address(settings),
                processes=settings.api_processes,
                workers=settings.workers,
                api_grace=settings.api_grace_seconds + STOP_SECONDS,
                worker_grace=settings.worker_grace_seconds + STOP_SECONDS,
                environment=_passed_on(settings),
                at_hangup=partial(ask_all, settings.broker_url.get_secret_value()),
                form=settings.log_format,
            )
        )
    load = partial(load_processes, settings, missing_packages="warning", is_told=told)
    run_server(settings, load, [int(descriptor) for descriptor in sockets.split(",") if descriptor])


@app.command()
def worker(
    processes: Processes = None, concurrency: Concurrency = None, queues: Queues = None, told: Told = False
) -> None:
    """Start a worker. SIGHUP has it read the description files again; running jobs end with the old code."""
    from ..logs import configure_logs, keep_log_apart
    from ..worker.app import run_worker
    from ..worker.succession import inherit

    keep_log_apart()
    if legacy := inherit():
        look_for_garbage()
        settings = legacy.settings
        configure_logs(settings)
    else:
        settings = read_settings(processes_dir=processes, worker_concurrency=concurrency, worker_queues=queues)
    load = partial(load_processes, settings, queues=settings.worker_queues, is_told=told)
    sys.exit(run_worker(settings, load, legacy))


@app.command()
def reload(processes: Processes = None) -> None:
    """Check the description files, and have every API and worker of this Redis read them again where they are right.

    Running jobs end with the old code. Settings are not read again.
    """
    from ..jobs.reloads import ask_all

    settings = read_settings(processes_dir=processes)
    registry = load_processes(settings, missing_packages="warning")
    ask_all(settings.broker_url.get_secret_value())
    write(f"{registry.size}, nothing wrong; every API and worker reads them again\n")


def _address(settings: "Settings") -> "Address":
    from ..api.serving.listening import Address

    return Address(settings.host, settings.port, settings.unix_socket)


def _passed_on(settings: "Settings") -> dict[str, str]:
    """To the programs of a supervisor, whose options they do not see."""
    return {"FP_PROCESSES_DIR": str(settings.processes_dir), "FP_RELOAD": str(settings.reload).lower()}
