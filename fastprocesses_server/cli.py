"""The command line: `dev`, `serve`, `worker`, `reload`, `check`. Commands import what they need when they run."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .errors import StartError

if TYPE_CHECKING:
    from .processes.merging import MissingPackages
    from .processes.registry import Registry
    from .settings import Settings

app = typer.Typer(
    help="A standalone server for OGC API - Processes. Every option can be set by an environment variable instead.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Host = Annotated[str | None, typer.Option(help="Address to listen on. [FP_HOST, 127.0.0.1]", show_default=False)]
Port = Annotated[int | None, typer.Option(help="Port to listen on. [FP_PORT, 8000]", show_default=False)]
Processes = Annotated[
    Path | None,
    typer.Option(
        "--processes", help="Folder of the description files. [FP_PROCESSES_DIR, processes.d]", show_default=False
    ),
]
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

STOP_SECONDS = 5
"""What a worker that stops may take beside the grace of its jobs."""


def main() -> None:
    """What is wrong with settings or description files ends the command with its text, and status 1."""
    try:
        app()
    except StartError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command line's voice
        sys.exit(1)


@app.command()
def dev(
    host: Host = None, port: Port = None, processes: Processes = None, state: State = None, reload: Reload = None
) -> None:
    """Start everything: an embedded Valkey, a worker and the API. Jobs survive a restart."""
    from .standalone.dev import run_dev

    settings = _settings(host=host, port=port, processes_dir=processes, state_dir=state, reload=reload)
    _load(settings)
    sys.exit(
        run_dev(
            host=settings.host,
            port=settings.port,
            state_dir=settings.state_dir,
            embedded=not settings.names_a_redis,
            environment=_passed_on(settings),
            worker_grace=settings.worker_grace_seconds + STOP_SECONDS,
        )
    )


@app.command()
def serve(
    host: Host = None, port: Port = None, processes: Processes = None, workers: Workers = None, reload: Reload = None
) -> None:
    """Start the API, alone or with workers that are started again when they end; Redis is found by the settings.

    SIGHUP has it read the description files again.
    """
    from .api.server import run_server
    from .jobs.fitness import check_fitness
    from .jobs.reloads import ask_all
    from .standalone.dev import run_serve

    settings = _settings(host=host, port=port, processes_dir=processes, workers=workers, reload=reload)
    check_fitness(settings.broker_url.get_secret_value())
    if settings.workers:
        sys.exit(
            run_serve(
                host=settings.host,
                port=settings.port,
                workers=settings.workers,
                worker_grace=settings.worker_grace_seconds + STOP_SECONDS,
                environment=_passed_on(settings),
                at_hangup=partial(ask_all, settings.broker_url.get_secret_value()),
            )
        )
    run_server(settings, partial(_load, settings, missing_packages="warning"))


@app.command()
def worker(processes: Processes = None, concurrency: Concurrency = None, queues: Queues = None) -> None:
    """Start a worker. SIGHUP has it read the description files again; running jobs end with the old code."""
    from .logs import configure_logs
    from .worker.app import run_worker
    from .worker.succession import inherit

    if legacy := inherit():
        settings = legacy.settings
        configure_logs(settings)
    else:
        settings = _settings(processes_dir=processes, worker_concurrency=concurrency, worker_queues=queues)
    sys.exit(run_worker(settings, partial(_load, settings, queues=settings.worker_queues), legacy))


@app.command()
def reload(processes: Processes = None) -> None:
    """Check the description files, and have every API and worker of this Redis read them again where they are right.

    Running jobs end with the old code. Settings are not read again.
    """
    from .jobs.reloads import ask_all

    settings = _settings(processes_dir=processes)
    registry = _load(settings, missing_packages="warning")
    ask_all(settings.broker_url.get_secret_value())
    print(f"{len(registry)} processes, nothing wrong; every API and worker reads them again")  # noqa: T201


@app.command()
def check(
    directory: Annotated[Path | None, typer.Argument(help="Folder to check. [FP_PROCESSES_DIR]")] = None,
) -> None:
    """Say everything that is wrong with the description files, and start nothing."""
    settings = _settings(processes_dir=directory)
    registry = _load(settings)
    for process in registry.values():
        print(f"{process.source}: {process.id} {process.version}")  # noqa: T201
    print(f"{len(registry)} processes, nothing wrong")  # noqa: T201


def _settings(**options: object) -> "Settings":
    """Settings and logs; a name with our prefix that nobody reads is reported."""
    import os

    from loguru import logger

    from .logs import configure_logs
    from .settings import load_settings, unknown_names

    settings = load_settings(**options)
    configure_logs(settings)
    for warning in unknown_names(os.environ):
        logger.warning(warning)
    return settings


def _passed_on(settings: "Settings") -> dict[str, str]:
    """To the programs of a supervisor, whose options they do not see."""
    return {"FP_PROCESSES_DIR": str(settings.processes_dir), "FP_RELOAD": str(settings.reload).lower()}


def _load(
    settings: "Settings", missing_packages: "MissingPackages" = "error", queues: tuple[str, ...] = ()
) -> "Registry":
    from loguru import logger

    from .processes.registry import load_registry

    registry = load_registry(
        settings.processes_dir,
        allowed_modules=settings.allowed_modules,
        missing_packages=missing_packages,
        queues=queues,
    )
    for warning in registry.warnings:
        logger.warning(warning)
    return registry
