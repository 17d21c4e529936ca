"""Commands of operators: what is wrong with a server."""

import sys
from typing import Annotated, Literal

import typer

from .common import Processes, app, write, write_json

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to say it: text or json.")]


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
