"""A bar on a terminal, of how far a run is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from .trial import Report, unreported

LONGEST = 40
"""Characters of a message: a line that wraps is not overwritten."""


@contextmanager
def progress_bar(label: str) -> Iterator[Report]:
    """What takes percent and message. It writes to standard error, and nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield unreported
        return
    with typer.progressbar(
        length=100, label=label, file=sys.stderr, show_eta=False, item_show_func=_message, width=30
    ) as bar:

        def report(percent: float, message: str) -> None:
            bar.current_item = message
            bar.update(max(0, round(percent) - bar.pos))
            bar.render_progress()  # an update of no steps shows no new message

        yield report
        report(100, "")


def _message(message: object) -> str | None:
    """Without what would move the cursor: it may come from a server."""
    return "".join(c for c in str(message)[:LONGEST] if c.isprintable()) if message else None
