"""HTML: templates, and in `static` the files that pages need."""

from functools import cache

from jinja2 import Environment, PackageLoader
from starlette.staticfiles import StaticFiles

SAFE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every page: nothing from elsewhere, and nothing that runs."""


@cache
def templates() -> Environment:
    """Everything that is put into a page is escaped."""
    return Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def static_files() -> StaticFiles:
    return StaticFiles(packages=[(__package__, "static")])
