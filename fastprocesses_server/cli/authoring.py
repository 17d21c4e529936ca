"""Commands of authors: they start nothing, or a process once."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..errors import UsageError
from .common import Processes, app, read_settings, urls, warn, write, write_json


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
    from ..authoring.check import Form
    from ..authoring.check import check as check_folder
    from ..processes.entries import Entries

    if timeout is not None and timeout <= 0:
        raise typer.BadParameter("seconds that an example may take are more than 0", param_hint="--timeout")
    settings = read_settings(sys.stderr, processes_dir=directory)
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
    from ..authoring.run import run_here, run_there

    settings = read_settings(sys.stderr, processes_dir=processes)
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
    from ..authoring.starter import make_folder, next_commands
    from ..processes.complaints import shown

    make_folder(directory)
    write(f"{shown(directory)} is ready. Next:\n\n{next_commands(directory)}")


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
    from ..authoring.new import new_file, new_path, write_new
    from ..processes.complaints import shown

    settings = read_settings(sys.stderr, processes_dir=processes)
    path = new_path(callable_, settings.processes_dir, output)
    sketch = new_file(callable_, settings.processes_dir, urls(settings).description_file_schema)
    if path == Path("-"):
        write(sketch.text)
    else:
        write_new(path, sketch.text)
        write(f"{shown(path)}: {sketch.state}\n")


@app.command()
def schema() -> None:
    """Print the JSON Schema of description files."""
    from ..processes.file_schema import file_schema

    write_json(file_schema())


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
    from ..api.negotiation import AS_JSON
    from ..api.openapi.dialects import OPENAPI_30_DIALECT
    from ..api.openapi.document import execution_path
    from ..api.processes import description
    from ..api.representation import links_in
    from ..authoring.effective import find_effective, members
    from ..authoring.provenance import origins, table
    from ..authoring.yaml_writer import write_yaml

    if origin + openapi + ogc > 1:
        raise typer.BadParameter("--origin, --openapi and --ogc exclude each other")
    settings = read_settings(sys.stderr, processes_dir=processes)
    effective = find_effective(
        settings.processes_dir, process_id, settings.allowed_modules, settings.inspection_cache_folder
    )
    warn(effective.warnings)
    if origin:
        write(table(origins(effective, settings)))
    elif openapi:
        write_json(execution_path(effective.process, settings, urls(settings), OPENAPI_30_DIALECT))
    elif ogc:
        document = description(effective.process, urls(settings), effective.older)
        write_json({**document, "links": [*links_in(AS_JSON, document["links"])]})
    else:
        write(write_yaml(members(effective, settings)))
