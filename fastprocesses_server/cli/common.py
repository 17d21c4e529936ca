"""What commands share: the application, settings, and how they speak."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..links import Urls
    from ..processes.complaints import MissingPackages
    from ..processes.registry import Registry
    from ..settings import Settings

app = typer.Typer(
    help="A standalone server for OGC API - Processes. Every option can be set by an environment variable instead.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Processes = Annotated[
    Path | None,
    typer.Option(
        "--processes", help="Folder of the description files. [FP_PROCESSES_DIR, processes.d]", show_default=False
    ),
]


def write(text: str) -> None:
    print(text, end="")  # noqa: T201 - the command line's voice


def write_json(document: object) -> None:
    import json

    write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def warn(warnings: "Iterable[str]") -> None:
    from loguru import logger

    for warning in warnings:
        logger.warning(warning)


def look_for_garbage() -> None:
    """From now on, and not among the modules, which stay."""
    import gc

    gc.freeze()
    gc.enable()


def read_settings(log: TextIO | None = None, **options: object) -> "Settings":
    """Settings and logs, once a command has its modules; a name with our prefix that nobody reads is reported.

    A command whose standard output others read logs elsewhere.
    """
    import os

    from loguru import logger

    from ..logs import configure_logs
    from ..settings import load_settings, unknown_names

    look_for_garbage()
    settings = load_settings(**options)
    configure_logs(settings, log)
    for warning in unknown_names(os.environ):
        logger.warning(warning)
    return settings


def urls(settings: "Settings") -> "Urls":
    """As a client on this machine sees the server."""
    from ..links import Urls

    host = "localhost" if settings.host in {"0.0.0.0", "127.0.0.1"} else settings.host  # noqa: S104 - only compared
    return Urls((settings.public_url or f"http://{host}:{settings.port}").rstrip("/"))


def load_processes(
    settings: "Settings",
    missing_packages: "MissingPackages" = "error",
    queues: tuple[str, ...] = (),
    *,
    is_told: bool = False,
) -> "Registry":
    """With warnings of files, where these are not told elsewhere, and of what this program is asked to do with them."""
    from ..processes.registry import load_registry

    registry = load_registry(
        settings.processes_dir,
        allowed_modules=settings.allowed_modules,
        missing_packages=missing_packages,
        queues=queues,
        cache=settings.inspection_cache_folder,
    )
    warn(warning for warning in registry.warnings if not is_told or warning.startswith("FP_"))
    return registry
