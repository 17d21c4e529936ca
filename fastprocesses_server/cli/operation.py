"""Commands of operators: what is wrong with a server, and its jobs."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from .common import Processes, app, load_processes, read_settings, write, write_json

if TYPE_CHECKING:
    from datetime import datetime

    from ..jobs.record import Status
    from ..operation.desk import Desk
    from ..settings import Settings

jobs = typer.Typer(
    help="Jobs of all who made them, in the Redis of the settings: look at them, end, repeat and remove them.",
    no_args_is_help=True,
)
app.add_typer(jobs, name="jobs")

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to say it: text or json.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the job.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of jobs.")]
Statuses = Annotated[
    list[str] | None,
    typer.Option("--status", help="Only jobs of this status; may be given several times.", show_default=False),
]
ProcessIds = Annotated[
    list[str] | None,
    typer.Option("--process", help="Only jobs of this process; may be given several times.", show_default=False),
]
Since = Annotated[
    str | None,
    typer.Option(help="Only jobs made since then: 2h, 30d, or 2026-01-31T12:00:00Z.", show_default=False),
]
Limit = Annotated[int, typer.Option(help="As many at most, the newest.", min=1)]
Age = Annotated[str, typer.Option(help="Jobs that ended longer ago: 30d, 12h.")]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]

Answer = TypeVar("Answer")


@app.command()
def doctor(processes: Processes = None, output_format: Format = "text") -> None:
    """Say what is wrong with this server: settings, Redis, workers, files, address. It changes nothing.

    The exit status is 1 where there is a fault.
    """
    import os

    from ..errors import StartError
    from ..operation.facts import find
    from ..operation.findings import Finding, Level, worst
    from ..operation.report import as_document, as_text
    from ..settings import given_settings, load_settings, unknown_names

    try:
        settings = load_settings(processes_dir=processes)
        findings = [*find(settings, given_settings(settings, os.environ), unknown_names(os.environ))]
    except StartError as error:
        findings = [Finding(Level.FAULT, "settings", line) for line in str(error).splitlines()]
    if output_format == "json":
        write_json(as_document(findings))
    else:
        write(as_text(findings))
    sys.exit(worst(findings) == Level.FAULT)


@jobs.command("list")
def list_jobs(
    status: Statuses = None,
    process: ProcessIds = None,
    since: Since = None,
    limit: Limit = 100,
    output_format: Format = "text",
) -> None:
    """Show jobs, newest first. Synchronous runs that left no job are not among them."""
    from ..jobs.record import Job, Status
    from ..jobs.selection import Selection
    from ..operation.desk import milliseconds
    from ..operation.job_table import document, table

    selection = Selection(
        statuses=tuple(_among(tuple(Status), status)) if status else None,
        processes=tuple(process) if process else None,
        earliest=milliseconds(_moment(since, "--since")) if since else None,
    )

    async def find(desk: "Desk") -> list[Job]:
        return [job async for job in desk.list(selection, limit)]

    found = _at_desk(_settings(), find)
    if output_format == "json":
        write_json([document(job) for job in found])
    else:
        write(table(found))


@jobs.command()
def show(job_id: Id, output_format: Format = "text") -> None:
    """Show a job and the end of its log; as JSON with its request and all of its log."""
    from ..operation.job_table import page, whole

    file = _at_desk(_settings(), lambda desk: desk.show(job_id))
    if output_format == "json":
        write_json(whole(file))
    else:
        write(page(file))


@jobs.command()
def dismiss(job_ids: Ids) -> None:
    """End jobs that wait or run; their records stay."""

    async def end(desk: "Desk") -> None:
        for job_id in job_ids:
            await desk.dismiss(job_id)
            write(f"{job_id} is dismissed\n")

    _at_desk(_settings(), end)


@jobs.command()
def rerun(job_id: Id, processes: Processes = None) -> None:
    """Make a new job for the request of another, and print its id. Its inputs are validated again."""
    settings = _settings(processes_dir=processes)
    registry = load_processes(settings, missing_packages="warning")
    write(f"{_at_desk(settings, lambda desk: desk.rerun(job_id, registry)).id}\n")


@jobs.command()
def prune(older_than: Age, status: Statuses = None, yes: Yes = False) -> None:
    """Remove successful and failed jobs with their results."""
    from ..operation.desk import REMOVABLE
    from ..processes.quantities import counted

    settings, moment = _settings(), _moment(older_than, "--older-than")
    statuses = _among(REMOVABLE, status) if status else REMOVABLE
    found = _at_desk(settings, lambda desk: desk.ended_before(moment, statuses))
    what = f"{counted(len(found), 'job', 'jobs')} that ended before {moment:%Y-%m-%d %H:%M} UTC"
    if found and not yes:
        typer.confirm(f"Remove {what}, with their results?", abort=True, err=True)
    removed = _at_desk(settings, lambda desk: desk.remove(found))
    write(f"{counted(removed, 'job is', 'jobs are')} removed\n")


def _settings(**options: object) -> "Settings":
    return read_settings(sys.stderr, **options)


def _among(statuses: "Sequence[Status]", names: list[str]) -> "list[Status]":
    for name in names:
        if name not in statuses:
            raise typer.BadParameter(f"{name} is none of {', '.join(statuses)}", param_hint="--status")
    return [status for status in statuses if status in names]


def _at_desk(settings: "Settings", do: "Callable[[Desk], Awaitable[Answer]]") -> Answer:
    import asyncio

    from ..operation.desk import open_desk
    from ..operation.facts import redis_url

    async def work() -> Answer:
        async with open_desk(settings, redis_url(settings)) as desk:
            return await do(desk)

    return asyncio.run(work())


def _moment(text: str, option: str) -> "datetime":
    """So long ago, or then."""
    from pydantic import AwareDatetime, TypeAdapter, ValidationError

    from ..errors import UsageError
    from ..operation.desk import ago
    from ..processes.quantities import Seconds

    try:
        return ago(TypeAdapter(Seconds).validate_python(text))
    except (ValidationError, OverflowError):
        pass
    try:
        return TypeAdapter(AwareDatetime).validate_python(text)
    except ValidationError:
        raise UsageError(f"{option}: write 30d, 12h, 5min or a moment such as 2026-01-31T12:00:00Z") from None
