"""The command line: a thin function for each command. Commands import what they need when they run."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

from .errors import StartError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .links import Urls
    from .processes.complaints import MissingPackages
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

Told = Annotated[bool, typer.Option("--told", hidden=True, help="Whoever started it warns of the description files.")]

STOP_SECONDS = 5
"""What a worker that stops may take beside the grace of its jobs."""


def main() -> None:
    """What is wrong with settings or description files ends the command with its text, and status 1; 2 is misuse."""
    try:
        app()
    except StartError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command line's voice
        sys.exit(2 if isinstance(error, UsageError) else 1)


@app.command()
def dev(
    host: Host = None, port: Port = None, processes: Processes = None, state: State = None, reload: Reload = None
) -> None:
    """Start everything: an embedded Valkey, a worker and the API. Jobs survive a restart."""
    from .standalone.dev import run_dev

    settings = _settings(host=host, port=port, processes_dir=processes, state_dir=state, reload=reload)
    _load(settings, is_told=True)  # the API will
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
    from loguru import logger

    from .api.server import run_server
    from .jobs.fitness import check_fitness
    from .jobs.reloads import ask_all
    from .standalone.dev import run_serve

    settings = _settings(host=host, port=port, processes_dir=processes, workers=workers, reload=reload)
    if why := check_fitness(settings.broker_url.get_secret_value()):
        logger.warning("the Redis of the jobs {}: no jobs are taken until it is back", why)
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
def worker(
    processes: Processes = None, concurrency: Concurrency = None, queues: Queues = None, told: Told = False
) -> None:
    """Start a worker. SIGHUP has it read the description files again; running jobs end with the old code."""
    from .logs import configure_logs, keep_log_apart
    from .worker.app import run_worker
    from .worker.succession import inherit

    keep_log_apart()
    if legacy := inherit():
        settings = legacy.settings
        configure_logs(settings)
    else:
        settings = _settings(processes_dir=processes, worker_concurrency=concurrency, worker_queues=queues)
    load = partial(_load, settings, queues=settings.worker_queues, is_told=told)
    sys.exit(run_worker(settings, load, legacy))


@app.command()
def reload(processes: Processes = None) -> None:
    """Check the description files, and have every API and worker of this Redis read them again where they are right.

    Running jobs end with the old code. Settings are not read again.
    """
    from .jobs.reloads import ask_all

    settings = _settings(processes_dir=processes)
    registry = _load(settings, missing_packages="warning")
    ask_all(settings.broker_url.get_secret_value())
    _print(f"{registry.size}, nothing wrong; every API and worker reads them again\n")


@app.command()
def check(
    directory: Annotated[Path | None, typer.Argument(help="Folder to check. [FP_PROCESSES_DIR]")] = None,
    output_format: Annotated[
        Literal["text", "json", "github"],
        typer.Option("--format", help="How to say it: text, json, or github for annotations of GitHub Actions."),
    ] = "text",
    run_examples: Annotated[
        bool, typer.Option("--run", help="Run every example as well, and compare its outputs.")
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds that one example may take. [its process's time limit, else 60]", show_default=False),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what earlier imports showed, and import everything again.")
    ] = False,
) -> None:
    """Say everything that is wrong with the description files, and start nothing."""
    from .authoring.check import Form
    from .authoring.check import check as check_folder
    from .processes.entries import Entries

    if timeout is not None and timeout <= 0:
        raise typer.BadParameter("seconds that an example may take are more than 0", param_hint="--timeout")
    settings = _settings(sys.stderr, processes_dir=directory)
    if fresh and settings.inspection_cache_folder:
        Entries(settings.inspection_cache_folder).forget()
    sys.exit(check_folder(settings, Form(output_format), run=run_examples, timeout=timeout))


@app.command()
def run(
    process_id: Annotated[
        str, typer.Argument(metavar="ID", help="Process to run; id:version for one of its versions.")
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE]...",
            help="Inputs: name=5, name=text, name=@file, name=@https://address, name=@- for standard input.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder to save the outputs in, instead of printing them.", show_default=False)
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Server to run the process on, instead of here.", show_default=False)
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'NAME: VALUE'",
            help="Header for that server, as credentials are; may be given several times.",
            show_default=False,
        ),
    ] = None,
    *,
    processes: Processes = None,
) -> None:
    """Run a process once, here and without Redis, or as a job of a running server.

    The limits of time and memory hold here as well; one attempt is made, and nothing is cached.
    """
    from .authoring.run import run_here, run_there

    settings = _settings(sys.stderr, processes_dir=processes)
    if url:
        run_there(url, process_id, inputs or [], output, header or ())
    elif header:
        raise UsageError("--header is for the server of --url")
    else:
        run_here(settings, process_id, inputs or [], output)


@app.command()
def init(directory: Annotated[Path, typer.Argument(help="An empty folder, or a new one.", metavar="DIR")]) -> None:
    """Make a folder that runs.

    It has a process with its module, settings, compose.yaml and a test.
    """
    from .authoring.starter import make_folder, next_commands
    from .processes.complaints import shown

    make_folder(directory)
    _print(f"{shown(directory)} is ready. Next:\n\n{next_commands(directory)}")


@app.command()
def new(
    callable_: Annotated[str, typer.Argument(metavar="CALLABLE", help="Dotted path, for example geo_tools.buffer.")],
    processes: Processes = None,
    output: Annotated[
        Path | None,
        typer.Option(help="File to write, - for the terminal. [named after the callable]", show_default=False),
    ] = None,
) -> None:
    """Write a description file for a callable.

    In comments stands what follows from it. A file that is there stays as it is.
    """
    from .authoring.new import new_file, new_path, write_new
    from .processes.complaints import shown

    settings = _settings(sys.stderr, processes_dir=processes)
    path = new_path(callable_, settings.processes_dir, output)
    sketch = new_file(callable_, settings.processes_dir, _urls(settings).description_file_schema)
    if path == Path("-"):
        _print(sketch.text)
    else:
        write_new(path, sketch.text)
        _print(f"{shown(path)}: {sketch.state}\n")


@app.command()
def schema() -> None:
    """Print the JSON Schema of description files."""
    from .processes.file_schema import file_schema

    _print_json(file_schema())


@app.command()
def show(
    process_id: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the process; id:version for one of its versions.")
    ],
    processes: Processes = None,
    origin: Annotated[bool, typer.Option("--origin", help="Show where each value comes from.")] = False,
    openapi: Annotated[bool, typer.Option("--openapi", help="Show its path in the API definition.")] = False,
    ogc: Annotated[bool, typer.Option("--ogc", help="Show the process description that clients get.")] = False,
) -> None:
    """Print what is in effect for a process.

    As a description file, unless an option asks for something else.
    """
    from .api.negotiation import AS_JSON
    from .api.openapi_dialects import OPENAPI_30_DIALECT
    from .api.openapi_execution import ProcessPath
    from .api.processes import description
    from .api.representation import links_in
    from .authoring.effective import find_effective, members
    from .authoring.origins import origins, table
    from .authoring.yaml_writer import write_yaml

    if origin + openapi + ogc > 1:
        raise typer.BadParameter("--origin, --openapi and --ogc exclude each other")
    settings = _settings(sys.stderr, processes_dir=processes)
    effective = find_effective(
        settings.processes_dir, process_id, settings.allowed_modules, settings.inspection_cache_folder
    )
    _warn(effective.warnings)
    if origin:
        _print(table(origins(effective, settings)))
    elif openapi:
        path = ProcessPath(effective.process, settings, OPENAPI_30_DIALECT)
        _print_json({path.path: {"post": path.operation()}})
    elif ogc:
        document = description(effective.process, _urls(settings), effective.older)
        _print_json({**document, "links": [*links_in(AS_JSON, document["links"])]})
    else:
        _print(write_yaml(members(effective, settings)))


def _print(text: str) -> None:
    print(text, end="")  # noqa: T201 - the command line's voice


def _print_json(document: object) -> None:
    import json

    _print(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _warn(warnings: "Iterable[str]") -> None:
    from loguru import logger

    for warning in warnings:
        logger.warning(warning)


def _settings(log: TextIO | None = None, **options: object) -> "Settings":
    """Settings and logs; a name with our prefix that nobody reads is reported.

    A command whose standard output others read logs elsewhere.
    """
    import os

    from loguru import logger

    from .logs import configure_logs
    from .settings import load_settings, unknown_names

    settings = load_settings(**options)
    configure_logs(settings, log)
    for warning in unknown_names(os.environ):
        logger.warning(warning)
    return settings


def _urls(settings: "Settings") -> "Urls":
    """As a client on this machine sees the server."""
    from .links import Urls

    host = "localhost" if settings.host in {"0.0.0.0", "127.0.0.1"} else settings.host  # noqa: S104 - only compared
    return Urls((settings.public_url or f"http://{host}:{settings.port}").rstrip("/"))


def _passed_on(settings: "Settings") -> dict[str, str]:
    """To the programs of a supervisor, whose options they do not see."""
    return {"FP_PROCESSES_DIR": str(settings.processes_dir), "FP_RELOAD": str(settings.reload).lower()}


def _load(
    settings: "Settings",
    missing_packages: "MissingPackages" = "error",
    queues: tuple[str, ...] = (),
    *,
    is_told: bool = False,
) -> "Registry":
    """With warnings of files, where these are not told elsewhere, and of what this program is asked to do with them."""
    from .processes.registry import load_registry

    registry = load_registry(
        settings.processes_dir,
        allowed_modules=settings.allowed_modules,
        missing_packages=missing_packages,
        queues=queues,
        cache=settings.inspection_cache_folder,
    )
    _warn(warning for warning in registry.warnings if not is_told or warning.startswith("FP_"))
    return registry
